"""Two reports of one loss, several claims of one accident."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from services.claims.duplicates import rules
from services.claims.duplicates.rules import OnPolicy, Seen, Weights
from shared.clock import SHANGHAI

LOSS = datetime(2026, 4, 18, 1, 30, tzinfo=SHANGHAI)
WEIGHTS = Weights(policy=35, time=30, injured=25, place=10, time_window_hours=24, threshold=60)
FIRST, SECOND, THIRD = UUID(int=1), UUID(int=2), UUID(int=3)


def seen(claim_id=FIRST, policy="PPA-1", hours=0.0, place="北苑路 5 号", injured=("digest",), area=None) -> Seen:
    return Seen(claim_id, policy, LOSS + timedelta(hours=hours), place, area, frozenset(injured))


def test_the_same_report_scores_the_sum_of_the_weights():
    assert rules.score(seen(), seen(SECOND), WEIGHTS) == Decimal("100.00")


def test_likeness_is_mutual_and_time_counts_less_with_distance():
    near, far = seen(SECOND, hours=6), seen(SECOND, hours=-30)
    assert rules.score(seen(), near, WEIGHTS) == rules.score(near, seen(), WEIGHTS) == Decimal("92.50")
    assert rules.score(seen(), far, WEIGHTS) == Decimal("70.00")


def test_two_unknown_policies_are_not_the_same_policy():
    assert rules.score(seen(policy=None), seen(policy=None), WEIGHTS) == Decimal("65.00")


def test_the_place_is_compared_without_signs_and_widths():
    assert rules.score(seen(place="北苑路５号"), seen(place="北苑路 5 号。"), WEIGHTS) == Decimal("100.00")
    assert rules.score(seen(place="", area="320102"), seen(place="elsewhere", area="320102"), WEIGHTS) == 95


def test_only_likely_claims_are_shown_the_likeliest_first():
    report = seen(None)
    found = rules.possible_duplicates(
        report, [seen(FIRST, hours=3), seen(SECOND), seen(THIRD, policy="X", injured=(), hours=40)], WEIGHTS
    )
    assert [claim_id for claim_id, _ in found] == [SECOND, FIRST]


def test_a_claim_is_no_duplicate_of_itself_nor_of_a_cancelled_one():
    rules.check_link(FIRST, SECOND, "registered")
    with pytest.raises(rules.DuplicateOfItself):
        rules.check_link(FIRST, FIRST, "reported")
    with pytest.raises(rules.KeptClaimCancelled):
        rules.check_link(FIRST, SECOND, "cancelled")


def on_policy(claim: UUID, accident: UUID, hours: float, separated=False) -> OnPolicy:
    return OnPolicy(claim, accident, LOSS + timedelta(hours=hours), separated)


def test_losses_within_the_hours_are_one_accident():
    own = UUID(int=99)
    assert rules.accident_of(LOSS, own, [on_policy(FIRST, FIRST, 72)], hours=72).accident_id == FIRST
    assert rules.accident_of(LOSS, own, [on_policy(FIRST, FIRST, 72.01)], hours=72).accident_id == own
    assert rules.accident_of(LOSS, own, [], hours=72) == rules.Grouping(own)


def test_a_loss_between_two_accidents_makes_them_one():
    others = [on_policy(SECOND, SECOND, 60), on_policy(FIRST, FIRST, -60)]
    assert rules.accident_of(LOSS, THIRD, others, hours=72) == rules.Grouping(FIRST, (SECOND,))


def test_a_separated_claim_draws_nothing_back():
    assert rules.accident_of(LOSS, THIRD, [on_policy(FIRST, FIRST, 1, separated=True)], hours=72).accident_id == THIRD


def test_a_separation_needs_a_member_company_and_a_reason():
    rules.check_separation(FIRST, [FIRST, SECOND], "another machine, another day")
    with pytest.raises(rules.NotInThisAccident):
        rules.check_separation(THIRD, [FIRST, SECOND], "reason")
    with pytest.raises(rules.NotInThisAccident):
        rules.check_separation(FIRST, [FIRST], "reason")
    with pytest.raises(rules.SeparationReasonRequired):
        rules.check_separation(FIRST, [FIRST, SECOND], " ")
