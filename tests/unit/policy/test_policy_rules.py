"""States and versions of a policy mastered elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.policy.policy import rules
from services.policy.policy.rules import Applied, Envelope, ItemKind, PolicyStatus, ReferenceKind, Version
from shared.clock import SHANGHAI
from shared.errors import StateConflict, ValidationFailed


def at(month: int, day: int, hour: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=SHANGHAI)


def status(moment, stated=PolicyStatus.IN_FORCE, ended_at=None, exhausted=False):
    return rules.status_at(
        moment, starts_at=at(3, 20), ends_at=at(3, 20, year=2027), stated=stated, ended_at=ended_at, exhausted=exhausted
    )


def test_the_clock_tells_the_status():
    assert status(at(3, 19, 23)) is PolicyStatus.ISSUED
    assert status(at(3, 20)) is PolicyStatus.IN_FORCE
    assert status(at(3, 19, 23, year=2027)) is PolicyStatus.IN_FORCE
    assert status(at(3, 20, year=2027)) is PolicyStatus.EXPIRED
    assert status(at(5, 1), exhausted=True) is PolicyStatus.EXHAUSTED


def test_a_cancellation_works_from_its_day_on():
    cancelled = {"stated": PolicyStatus.CANCELLED, "ended_at": at(8, 1)}
    assert status(at(7, 31, 23), **cancelled) is PolicyStatus.IN_FORCE
    assert status(at(8, 1), **cancelled) is PolicyStatus.CANCELLED
    assert status(at(5, 1), stated=PolicyStatus.RESCINDED) is PolicyStatus.RESCINDED


def test_moves_of_a_policy():
    assert set(rules.NEXT) == set(PolicyStatus)
    assert rules.advance(PolicyStatus.EXHAUSTED, PolicyStatus.IN_FORCE) is PolicyStatus.IN_FORCE
    with pytest.raises(StateConflict) as refused:
        rules.advance(PolicyStatus.EXPIRED, PolicyStatus.IN_FORCE)
    assert refused.value.members["legal_moves"] == ["rescinded"]


def test_newest_older_and_repeated_versions():
    assert rules.upsert({}, 1, "a") == rules.Upsert(Applied.CURRENT)
    assert rules.upsert({1: "a"}, 3, "c") == rules.Upsert(Applied.CURRENT)
    assert rules.upsert({1: "a", 3: "c"}, 2, "b") == rules.Upsert(Applied.HISTORY)
    assert rules.upsert({1: "a", 3: "c"}, 1, "a") == rules.Upsert(Applied.IGNORED)
    assert rules.upsert({1: "a"}, 1, "z") == rules.Upsert(Applied.IGNORED, ItemKind.SAME_VERSION_OTHER_CONTENT)


@given(st.lists(st.integers(1, 8), max_size=30))
def test_any_order_of_arrival_ends_with_the_highest_version_current(numbers):
    known: dict[int, str] = {}
    current = 0
    for number in numbers:
        decision = rules.upsert(known, number, str(number))
        assert (decision.applied is Applied.IGNORED) == (number in known)
        assert decision.item is None
        if decision.applied is Applied.CURRENT:
            assert number > current
            current = number
        known.setdefault(number, str(number))
    assert current == max(numbers, default=0)
    assert set(rules.gaps(known)) == set(range(1, current)) - set(known)


def test_a_digest_sees_the_content_and_not_its_order():
    assert rules.content_digest({"a": 1, "b": {"c": "岚", "d": 2}}) == rules.content_digest(
        {"b": {"d": 2, "c": "岚"}, "a": 1}
    )
    assert rules.content_digest({"a": "1.00"}) != rules.content_digest({"a": "1.0"})


VERSIONS = [Version(2, at(6, 1, 12)), Version(1, at(3, 20)), Version(3, at(9, 1))]


def number(found: Version | None) -> int | None:
    return found.number if found else None


def test_a_policy_is_read_as_it_was():
    assert number(rules.version_at(VERSIONS, at(3, 19))) is None
    assert number(rules.version_at(VERSIONS, at(6, 1, 11))) == 1
    assert number(rules.version_at(VERSIONS, at(6, 1, 12))) == 2
    assert number(rules.version_on(VERSIONS, date(2026, 5, 31))) == 1
    assert number(rules.version_on(VERSIONS, date(2026, 6, 1))) == 2
    assert number(rules.version_on(VERSIONS, date(2027, 1, 1))) == 3


def test_a_backdated_correction_counts_from_its_day():
    corrected = [*VERSIONS, Version(4, at(3, 20))]
    assert number(rules.version_at(corrected, at(4, 1))) == 4


def test_unknown_references_are_named_and_never_refused():
    named = {ReferenceKind.CUSTOMER: "C0001", ReferenceKind.UNIT: "320101", ReferenceKind.SELLER: None}
    found = rules.pending_references(named, {ReferenceKind.UNIT: True})
    assert [(one.kind, one.value) for one in found] == [("customer", "C0001")]


ENVELOPE = Envelope(1, "in_force", date(2026, 3, 16), at(3, 20), at(3, 20, year=2027), at(3, 20), None)


def faults(**changed) -> list[str]:
    return [fault.code for fault in rules.envelope_faults(replace(ENVELOPE, **changed))]


def test_the_times_of_a_version_hold_together():
    assert faults() == []
    assert faults(number=2, effective_at=at(6, 1)) == []
    assert faults(number=0) == ["version_number"]
    assert faults(ends_at=at(3, 20)) == ["period_reversed"]
    assert faults(effective_at=at(3, 21)) == ["first_version_effective"]
    assert faults(status="cancelled") == ["end_required"]
    assert faults(status="rescinded", ended_at=at(4, 1)) == []
    assert faults(ended_at=at(4, 1)) == ["end_unexpected"]
    assert faults(status="expired") == []


def test_faults_of_times_and_of_terms_are_told_together():
    terms = rules.cover_faults("accident", {"sum_insured": 300000})
    with pytest.raises(ValidationFailed) as refused:
        rules.check_envelope(replace(ENVELOPE, ends_at=at(3, 1)), terms)
    assert [fault.pointer for fault in refused.value.faults] == ["#/ends_at", "#/cover/sum_insured"]
    rules.check_envelope(ENVELOPE)


def test_the_day_of_issue_defaults_to_the_beginning():
    assert rules.issued_on(ENVELOPE) == date(2026, 3, 16)
    assert rules.issued_on(replace(ENVELOPE, issued_on=None)) == date(2026, 3, 20)


def test_a_term_of_one_year_is_not_longer_than_one_year():
    assert not rules.longer_than_one_year(at(3, 20), at(3, 20, year=2027))
    assert rules.longer_than_one_year(at(3, 20), at(3, 21, year=2027))
    assert not rules.longer_than_one_year(at(3, 20, 12), at(3, 20, 12, year=2027))
    assert not rules.longer_than_one_year(at(2, 29, year=2028), at(3, 1, year=2029))
