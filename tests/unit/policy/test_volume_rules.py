"""How long volumes are kept, and when one may be bound again or destroyed."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.policy.archive import rules
from services.policy.archive.rules import Kept, Periods, VolumeStatus
from shared.errors import Problem

PERIODS = Periods(up_to_one_year=5, longer=10, identity=10)
ONE, OTHER = UUID(int=1), UUID(int=2)


def test_a_contract_of_one_year_is_kept_five_years_and_identity_papers_ten() -> None:
    ended = date(2026, 12, 31)
    assert rules.keep_until([Kept(ended, False)], PERIODS) == date(2031, 12, 31)
    assert rules.keep_until([Kept(ended, False, identity=True)], PERIODS) == date(2036, 12, 31)
    assert rules.keep_until([Kept(ended, True)], PERIODS) == date(2036, 12, 31)


def test_a_claim_closed_later_keeps_the_volume_longer() -> None:
    kept = Kept(date(2026, 12, 31), False, (date(2027, 9, 1), date(2026, 5, 1)))
    assert rules.keep_until([kept, Kept(date(2020, 1, 1), False)], PERIODS) == date(2032, 9, 1)


def test_the_29th_of_february_ends_on_the_28th() -> None:
    assert rules.keep_until([Kept(date(2024, 2, 29), False)], PERIODS) == date(2029, 2, 28)


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(-400, 400), st.lists(st.sampled_from(["claim"])))
def test_a_volume_is_destroyed_only_after_its_last_day_and_with_nothing_pending(
    last: date, days: int, frozen: list[str]
) -> None:
    today = last + timedelta(days=days)
    if days > 0 and not frozen:
        rules.may_destroy(VolumeStatus.ARCHIVED, today, last, frozen)
    else:
        with pytest.raises(rules.RetentionRunning):
            rules.may_destroy(VolumeStatus.ARCHIVED, today, last, frozen)


@pytest.mark.parametrize("status", [one for one in VolumeStatus if one is not VolumeStatus.ARCHIVED])
def test_only_what_stands_on_its_shelf_is_destroyed(status: VolumeStatus) -> None:
    with pytest.raises(Problem) as refused:
        rules.may_destroy(status, date(2050, 1, 1), date(2030, 1, 1), [])
    assert refused.value.code == "state_conflict"


@pytest.mark.parametrize(
    ("reason", "second", "code"),
    [(None, OTHER, "reason_required"), ("x", None, "second_person_required"), ("x", ONE, "separation_of_duties")],
)
def test_a_sealed_volume_is_bound_again_with_a_reason_before_a_second_person(
    reason: str | None, second: UUID | None, code: str
) -> None:
    with pytest.raises(Problem) as refused:
        rules.may_rebind(VolumeStatus.BOUND, reason, {ONE}, second)
    assert refused.value.code == code
    rules.may_rebind(VolumeStatus.ARCHIVED, "page torn", {ONE}, OTHER)


def test_pages_add_up_and_a_number_reads_as_it_is_written() -> None:
    assert rules.check_pages([2, 3], 5) == 5
    with pytest.raises(rules.PageCountMismatch):
        rules.check_pages([2, 3], 4)
    assert rules.volume_no(2026, "320201", "accident", 317) == "2026-320201-PA-000317"
