"""Duty without an uncovered hour: gaps, months, people, calls."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.duty import rules
from shared.clock import SHANGHAI
from shared.errors import OccurredInFuture, ValidationFailed

ONE, TWO = UUID(int=1), UUID(int=2)
BEGINS, ENDS = rules.month_bounds("2026-12")


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, tzinfo=SHANGHAI)


def test_a_month_runs_from_midnight_to_midnight_also_over_the_year() -> None:
    assert at(1) == BEGINS
    assert datetime(2027, 1, 1, tzinfo=SHANGHAI) == ENDS
    assert (rules.next_month("2026-12"), rules.next_month("2026-01")) == ("2027-01", "2026-02")


def test_shifts_that_meet_or_overlap_leave_no_gap() -> None:
    shifts = [rules.Shift(TWO, at(10), ENDS), rules.Shift(ONE, BEGINS - timedelta(hours=8), at(10))]
    rules.check_roster("2026-12", shifts)
    assert rules.uncovered(BEGINS, ENDS, shifts) == []


@given(st.lists(st.integers(0, 30 * 24), min_size=2, max_size=12, unique=True).map(sorted), st.data())
def test_exactly_the_hours_that_nobody_covers_are_named(cuts: list[int], data: st.DataObject) -> None:
    """Any set of spans left out of a whole month comes back as its gaps, whatever the order of the shifts."""
    edges = [BEGINS, *(BEGINS + timedelta(hours=one) for one in cuts if one), ENDS]
    spans = list(pairwise(edges))
    left_out = data.draw(st.sets(st.integers(0, len(spans) - 1)))
    shifts = [rules.Shift(ONE, *span) for n, span in enumerate(spans) if n not in left_out]
    gaps = rules.uncovered(BEGINS, ENDS, data.draw(st.permutations(shifts)))
    covered = sum((one.ends_at - one.starts_at for one in shifts), timedelta())
    assert sum((end - start for start, end in gaps), timedelta()) + covered == ENDS - BEGINS
    for start, end in gaps:
        assert not any(one.starts_at < end and start < one.ends_at for one in shifts)


def test_the_hours_are_named_in_the_refusal() -> None:
    with pytest.raises(rules.RosterGap) as refusal:
        rules.check_roster("2026-12", [rules.Shift(ONE, BEGINS, at(31, 22))])
    assert refusal.value.members["gaps_text"] == "12-31 22:00–01-01 00:00"


def test_people_serve_within_their_appointment_and_branch() -> None:
    shift = rules.Shift(ONE, at(30), ENDS)
    good = rules.Term(ONE, "00.32.3201", date(2026, 1, 1))
    rules.check_people([shift], [good], "00.32.3201.320102")
    for wrong in (
        rules.Term(TWO, "00.32.3201", date(2026, 1, 1)),
        rules.Term(ONE, "00.33.3301", date(2026, 1, 1)),
        rules.Term(ONE, "00.321", date(2026, 1, 1)),
        rules.Term(ONE, "00.32.3201", date(2026, 12, 31)),
        rules.Term(ONE, "00.32.3201", date(2026, 1, 1), date(2026, 12, 31)),
    ):
        with pytest.raises(rules.DutyPersonNotEligible):
            rules.check_people([shift], [wrong], "00.32.3201.320102")
    rules.check_people([shift], [rules.Term(ONE, "00.33", date(2026, 1, 1))], "00")


def test_the_next_month_is_asked_for_once_it_is_near() -> None:
    assert [one.month for one in rules.months_to_plan(date(2026, 11, 23), 7)] == ["2026-11"]
    near = rules.months_to_plan(date(2026, 11, 24), 7)
    assert [(one.month, one.name) for one in near] == [("2026-11", "begun"), ("2026-12", "ahead")]


def test_a_call_is_received_answered_and_ended_in_this_order_and_not_in_the_future() -> None:
    rules.check_call(at(1), at(1, 1), at(1, 2), at(2))
    with pytest.raises(ValidationFailed):
        rules.check_call(at(1, 1), at(1), None, at(2))
    with pytest.raises(OccurredInFuture):
        rules.check_call(at(3), None, None, at(2))


def test_a_rate_of_nothing_is_none() -> None:
    assert rules.rate(0, 0) is None
    assert rules.rate(2, 3) == Decimal("0.6667")
