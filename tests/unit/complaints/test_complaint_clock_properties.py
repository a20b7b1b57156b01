from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.complaints.clock import rules
from services.complaints.clock.rules import ComplaintClock, Stage
from shared.clock import SHANGHAI, at_midnight
from shared.errors import Problem
from shared.periods import Pause
from tests.support.rule_sets import seeded_calendar, seeded_registry

CALENDAR = seeded_calendar()
REGISTRY = seeded_registry("complaints")
NOW = datetime(2026, 12, 1, tzinfo=SHANGHAI)

ACTS = st.lists(
    st.tuples(
        st.sampled_from(["extend", "pause", "end", "restart", "merge", "reopen"]),
        st.integers(0, 20),
        st.integers(0, 10),
        st.booleans(),
    ),
    max_size=12,
)


def act_on(clock: ComplaintClock, act: tuple[str, int, int, bool], day: date) -> ComplaintClock:
    """One act, legal or not; what is refused changes nothing."""
    name, _, days, told = act
    told_at = at_midnight(day) if told else None
    common = {"told_at": told_at, "now": NOW}
    try:
        if name == "extend":
            to = rules.NEXT.get(clock.stage, Stage.EXTENDED)
            return rules.extend(clock, to, REGISTRY, CALENDAR, reason="x", approved_at=told_at, **common)
        if name == "pause":
            span = Pause(day, day + timedelta(days=days), "mediation")
            return rules.pause(clock, span, REGISTRY, CALENDAR, **common)
        if name == "restart":
            return rules.restart(
                clock, day, REGISTRY, CALENDAR, new_facts="x" if days else "", new_material="m", **common
            )
        if name == "end":
            return rules.end_pause(clock, "mediation", day)
    except Problem:
        return clock
    return clock  # merging and reopening have no act on the clock


@given(st.dates(date(2020, 3, 1), date(2026, 5, 1)), ACTS)
def test_whatever_is_tried_the_due_date_is_start_plus_the_stage_plus_the_paused_days(received, acts):
    clock, day, started = rules.open_clock(received, REGISTRY), received, received
    for act in acts:
        day += timedelta(days=act[1])
        before = clock
        clock = act_on(clock, act, day)
        if clock.started_on != before.started_on:
            started = day
            assert act[0] == "restart"
            assert act[3]
    days = {Stage.SIMPLE: 15, Stage.COMPLEX: 30, Stage.EXTENDED: 60}[clock.stage]
    paused = {
        one.from_on + timedelta(days=n)
        for one in clock.pauses
        for n in range(((one.to_on or one.from_on) - one.from_on).days)
        if one.from_on + timedelta(days=n) >= started
    }
    assert clock.received_on == received
    assert clock.started_on == started
    assert rules.current_deadline(clock, REGISTRY, CALENDAR, NOW.date()).due_on == started + timedelta(
        days=days + len(paused)
    )


@given(st.dates(date(2019, 6, 1), date(2026, 6, 1)), st.booleans())
def test_a_complaint_is_in_time_until_the_end_of_its_legal_day(received, prevention):
    clock = rules.open_clock(received, REGISTRY, about_prevention_service=prevention)
    deadline = rules.current_deadline(clock, REGISTRY, CALENDAR, received)
    assert deadline.due_on is not None
    assert deadline.due_legal_on is not None
    assert deadline.due_legal_on >= deadline.due_on
    assert CALENDAR.is_working(deadline.due_legal_on)
    assert not deadline.passed(deadline.due_at - timedelta(microseconds=1))
    assert deadline.passed(deadline.due_at)
