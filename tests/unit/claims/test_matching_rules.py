"""Which version covered the loss."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.claims.claim.rules import Flag
from services.claims.matching import rules
from services.claims.matching.rules import Injured, ListEntry, PolicyMatch, PremiumWindow, Version
from shared.clock import SHANGHAI

POLICY = UUID(int=7)


def at(month: int, day: int, hour: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=SHANGHAI)


def version(number: int = 1, effective=None, made=None, ended=None, status="in_force") -> Version:
    effective = effective or at(3, 20)
    made = made or at(3, 16)
    return Version(POLICY, number, made, effective, at(3, 20), at(3, 20, year=2027), ended, status)


def test_no_known_policy_is_unmatched():
    assert rules.match([], at(5, 1), at(5, 2)) == rules.Match(PolicyMatch.UNMATCHED, None, None, (Flag.UNMATCHED,))


def test_the_version_in_force_at_the_loss_counts_not_the_newest():
    versions = [version(2, effective=at(6, 1), made=at(5, 20)), version(1)]
    assert rules.match(versions, at(5, 31, 23), at(7, 1)).policy_version == 1
    assert rules.match(versions, at(6, 1), at(7, 1)).policy_version == 2


def test_the_period_begins_with_its_first_moment_and_ends_before_its_last():
    assert rules.match([version()], at(3, 20), at(4, 1)).policy_match is PolicyMatch.MATCHED
    early = rules.match([version()], at(3, 19, 23), at(4, 1))
    assert (early.policy_match, early.policy_id) == (PolicyMatch.NOT_IN_FORCE, POLICY)
    assert early.flags == (Flag.NOT_IN_FORCE, Flag.LOSS_BEFORE_PERIOD)
    late = rules.match([version()], at(3, 20, year=2027), at(3, 21, year=2027))
    assert late.flags == (Flag.NOT_IN_FORCE, Flag.LOSS_AFTER_PERIOD)


def test_a_cancelled_policy_covers_what_happened_before_its_end():
    cancelled = version(2, effective=at(8, 1), made=at(8, 1), ended=at(8, 1), status="cancelled")
    versions = [version(1), cancelled]
    assert rules.match(versions, at(7, 31, 12), at(8, 5)).policy_match is PolicyMatch.MATCHED
    after = rules.match(versions, at(8, 1), at(8, 5))
    assert after.flags == (Flag.NOT_IN_FORCE, Flag.COVER_ENDED_BEFORE_LOSS)


def test_a_version_made_after_the_report_opens_no_cover_and_is_shown():
    first = version(1, ended=at(4, 1))
    backdated = version(2, effective=at(3, 20), made=at(5, 10))
    found = rules.match([first, backdated], at(5, 1), at(5, 2))
    assert found.policy_match is PolicyMatch.NOT_IN_FORCE
    assert Flag.CHANGED_AFTER_REPORT in found.flags
    assert found.policy_version == 1


def test_a_policy_made_only_after_the_report_covers_nothing():
    found = rules.match([version(made=at(5, 10))], at(5, 1), at(5, 2))
    assert (found.policy_match, found.policy_id, found.policy_version) == (PolicyMatch.NOT_IN_FORCE, POLICY, None)


def test_a_backdated_end_made_after_the_report_does_not_take_the_cover_away():
    ended = version(2, effective=at(4, 1), made=at(5, 10), ended=at(4, 1), status="cancelled")
    found = rules.match([version(1), ended], at(5, 1), at(5, 2))
    assert (found.policy_match, found.flags) == (PolicyMatch.MATCHED, (Flag.CHANGED_AFTER_REPORT,))


def test_a_late_message_about_an_early_version_still_matches():
    assert rules.match([version(made=at(3, 16))], at(4, 1), at(4, 2)).policy_match is PolicyMatch.MATCHED


def test_a_rescinded_policy_is_named():
    rescinded = version(2, effective=at(3, 20), made=at(4, 1), ended=at(6, 1), status="rescinded")
    assert Flag.RESCINDED in rules.match([version(1), rescinded], at(5, 1), at(5, 2)).flags


@given(st.permutations([1, 2, 3]), st.integers(0, 300))
def test_the_order_of_arrival_changes_nothing(order, days):
    made = {n: version(n, effective=at(3, 20) + timedelta(days=60 * (n - 1)), made=at(3, 16)) for n in (1, 2, 3)}
    moment = at(3, 20) + timedelta(days=days)
    found = rules.match([made[n] for n in order], moment, at(3, 1, year=2027))
    assert found.policy_version == min(3, days // 60 + 1)


LIST = [
    ListEntry("P-1", "digest-1", date(2026, 2, 1), date(2026, 5, 1)),
    ListEntry("P-2", "digest-2", date(2026, 2, 1), date(2027, 2, 1)),
]


def test_a_person_is_found_by_reference_or_digest_on_the_day_of_the_loss():
    found = rules.find_on_list(LIST, Injured(id_digest="digest-2"), date(2026, 6, 1))
    assert found is not None
    assert found.insured_ref == "P-2"
    assert rules.find_on_list(LIST, Injured(insured_ref="P-1"), date(2026, 4, 30)) is LIST[0]
    assert rules.find_on_list(LIST, Injured(insured_ref="P-1"), date(2026, 2, 1)) is LIST[0]
    assert rules.find_on_list(LIST, Injured(insured_ref="P-1"), date(2026, 1, 31)) is None


def test_a_person_taken_off_the_list_before_the_loss_is_flagged():
    assert rules.list_flags(LIST, [Injured(insured_ref="P-1")], date(2026, 5, 1)) == (Flag.INSURED_NOT_LISTED,)
    assert rules.list_flags(LIST, [Injured(insured_ref="P-2")], date(2026, 5, 1)) == ()


def test_a_nameless_injured_and_a_policy_without_list_prove_nothing():
    assert rules.list_flags(LIST, [Injured()], date(2026, 5, 1)) == ()
    assert rules.list_flags([], [Injured(id_digest="digest-9")], date(2026, 5, 1)) == ()


def test_a_loss_between_premium_and_decision_is_flagged():
    window = PremiumWindow(at(3, 1), at(3, 10))
    assert rules.premium_flags([window], at(3, 5)) == (Flag.PREMIUM_WITHOUT_DECISION,)
    assert rules.premium_flags([window], at(3, 10)) == ()
    assert rules.premium_flags([PremiumWindow(at(3, 1))], at(9, 9)) == (Flag.PREMIUM_WITHOUT_DECISION,)
    assert rules.premium_flags([window], at(2, 28)) == ()


def test_cover_that_ended_where_it_began_covered_nothing():
    never = version(1, ended=at(3, 20), status="cancelled")
    assert rules.match([never], at(3, 20), at(4, 1)).flags == (Flag.NOT_IN_FORCE, Flag.COVER_ENDED_BEFORE_LOSS)


def test_a_version_made_at_the_moment_of_the_report_counts_and_a_premium_at_the_moment_of_the_loss_too():
    assert rules.match([version(made=at(5, 2))], at(5, 1), at(5, 2)).policy_match is PolicyMatch.MATCHED
    assert rules.premium_flags([PremiumWindow(at(3, 5))], at(3, 5)) == (Flag.PREMIUM_WITHOUT_DECISION,)
