from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import SHANGHAI
from shared.deadline_registry import DeadlineRow, Unit
from shared.periods import Deadline, Pause, PauseEndsBeforeItStarts, add_months, day_of_period, deadline_of
from tests.support.rule_sets import seeded_calendar, seeded_registry

CALENDAR = seeded_calendar()
DAYS = st.dates(date(2019, 1, 1), date(2026, 9, 1))
LENGTHS = st.integers(1, 60)


def on(text: str) -> date:
    return date.fromisoformat(text)


def row(unit=Unit.DAYS, length=30, pauses=("wait",), **more) -> DeadlineRow:
    return DeadlineRow(
        id="DL-X-1", trigger="x", length=length, unit=unit, basis="basis", basis_zh="依据",
        effective_from=date(2000, 1, 1), pauses=pauses, **more,
    )  # fmt: skip


def test_a_payment_agreed_on_22_april_2026_is_due_on_2_may_and_breached_after_6_may():
    rule = seeded_registry("claims").row("DL-CL-3", on("2026-04-22"))
    deadline = deadline_of(rule, on("2026-04-22"), CALENDAR)
    assert deadline.shown() == {
        "id": "DL-CL-3",
        "basis": "10 days from the settlement agreement",
        "due_on": "2026-05-02",
        "due_legal_on": "2026-05-06",
        "due_at": "2026-05-07T00:00:00+08:00",
        "pauses": [],
        "provisional": False,
    }
    last_moment = datetime(2026, 5, 6, 23, 59, 59, tzinfo=SHANGHAI)
    assert deadline.overdue(last_moment)
    assert not deadline.passed(last_moment)
    assert deadline.passed(datetime(2026, 5, 7, tzinfo=SHANGHAI))


def test_the_right_to_rescind_ends_on_due_on_and_two_years_after_formation():
    rule = seeded_registry("policy").row("DL-UW-1", on("2026-06-01"))
    bar = add_months(on("2025-11-10"), 12 * rule.terms["bar_years"])
    assert bar == on("2027-11-10")
    deadline = deadline_of(rule, on("2026-06-01"), CALENDAR, no_later_than=bar)
    assert deadline.due_on == on("2026-07-01")
    assert not deadline.own_right_lapsed(on("2026-07-01"))
    assert deadline.own_right_lapsed(on("2026-07-02"))
    known_late = deadline_of(rule, on("2027-11-10"), CALENDAR, no_later_than=bar)
    assert known_late.due_on == bar
    assert known_late.own_right_lapsed(on("2027-11-11"))


def test_the_insurers_right_does_not_roll_where_the_legal_day_does():
    rule = seeded_registry("policy").row("DL-UW-1", on("2026-04-02"))
    deadline = deadline_of(rule, on("2026-04-02"), CALENDAR)
    assert (deadline.due_on, deadline.due_legal_on) == (on("2026-05-02"), on("2026-05-06"))
    assert deadline.own_right_lapsed(on("2026-05-03"))


def test_180_days_after_an_accident_of_15_march_2026_end_on_11_september():
    assert deadline_of(row(length=180), on("2026-03-15"), CALENDAR).due_on == on("2026-09-11")


@pytest.mark.parametrize(("years", "end"), [(5, "2031-12-31"), (10, "2036-12-31")])
def test_records_of_a_policy_that_ended_in_2026_are_kept_to_the_corresponding_day(years, end):
    assert deadline_of(row(Unit.YEARS, years), on("2026-12-31"), CALENDAR).due_on == on(end)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [("2026-01-31", 1, "2026-02-28"), ("2024-02-29", 12, "2025-02-28"), ("2026-11-30", 3, "2027-02-28"),
     ("2026-12-15", 1, "2027-01-15"), ("2024-01-31", 1, "2024-02-29")],
)  # fmt: skip
def test_a_month_without_the_corresponding_day_ends_on_its_last_day(start, months, end):
    assert add_months(on(start), months) == on(end)


def test_a_return_visit_is_due_five_working_days_after_the_payment():
    registry = seeded_registry("crm")
    april = deadline_of(registry.row("DL-RV-1", on("2026-04-23")), on("2026-04-23"), CALENDAR)
    november = deadline_of(registry.row("DL-RV-1", on("2026-11-20")), on("2026-11-20"), CALENDAR)
    assert april.due_on == april.due_legal_on == on("2026-04-30")
    assert november.shown()["due_on"] == "2026-11-27"
    assert november.shown()["due_at"] == "2026-11-28T00:00:00+08:00"


@pytest.mark.parametrize(
    ("hazard_class", "due_on"),
    [("extreme", "2026-07-17"), ("high", "2026-07-29"), ("significant", "2026-08-13"), ("general", "2026-08-13"),
     ("slight", "2026-09-12")],
)  # fmt: skip
def test_a_hazard_is_put_right_by_the_deadline_of_its_class(hazard_class, due_on):
    rule = seeded_registry("risk").row("DL-LP-2", on("2026-07-14"))
    deadline = deadline_of(rule, on("2026-07-14"), CALENDAR, length=rule.terms["by_class"][hazard_class])
    assert deadline.due_on == on(due_on)


def test_an_inspection_is_due_on_its_planned_day_moved_by_a_stop_of_work():
    rule = seeded_registry("risk").row("DL-LP-1", on("2026-07-15"))
    stop = Pause(on("2026-07-01"), on("2026-07-11"), "customer_stopped_work")
    assert deadline_of(rule, on("2026-07-15"), CALENDAR).due_on == on("2026-07-15")
    assert deadline_of(rule, on("2026-07-15"), CALENDAR, pauses=[stop]).due_on == on("2026-07-25")


def test_mis_selling_is_settled_in_fifteen_working_days():
    rule = seeded_registry("complaints").row("DL-MS-1", on("2026-04-23"))
    assert deadline_of(rule, on("2026-04-23"), CALENDAR).due_on == on("2026-05-18")


def test_a_period_in_hours_ends_at_its_moment_even_on_a_day_off():
    start = datetime(2026, 5, 1, 2, 40, tzinfo=SHANGHAI)
    deadline = deadline_of(row(Unit.HOURS, 24), start.astimezone(UTC), CALENDAR)
    assert deadline.shown()["due_at"] == "2026-05-02T02:40:00+08:00"
    assert deadline.due_on == deadline.due_legal_on == on("2026-05-02")
    assert not deadline.passed(start + timedelta(hours=24))
    assert deadline.passed(start + timedelta(hours=24, microseconds=1))


@pytest.mark.parametrize("start", [on("2026-05-01"), datetime(2026, 5, 1, 2)])  # noqa: DTZ001
def test_a_period_in_hours_needs_an_instant_with_an_offset(start):
    with pytest.raises(ValueError, match="offset"):
        deadline_of(row(Unit.HOURS, 24), start, CALENDAR)


def test_the_first_day_is_the_one_in_shanghai():
    start = datetime(2026, 4, 21, 17, tzinfo=UTC)  # 01:00 of the 22nd in Shanghai
    assert deadline_of(row(length=10), start, CALENDAR).due_on == on("2026-05-02")


def test_a_pause_that_has_not_ended_counts_up_to_today_and_stops_the_clock():
    lasting = [Pause(on("2026-06-11"), None, "wait")]
    deadline = deadline_of(row(), on("2026-06-05"), CALENDAR, pauses=lasting, as_of=on("2026-06-21"))
    assert deadline.due_on == on("2026-07-15")
    assert deadline.paused
    assert not deadline.passed(datetime(2027, 1, 1, tzinfo=SHANGHAI))
    assert deadline.shown()["pauses"] == [{"from": "2026-06-11", "reason": "wait"}]


def test_a_pause_that_begins_after_the_end_neither_moves_nor_stops_the_period():
    late = [Pause(on("2026-07-07"), None, "wait")]
    deadline = deadline_of(row(), on("2026-06-05"), CALENDAR, pauses=late, as_of=on("2026-08-01"))
    assert (deadline.due_on, deadline.due_legal_on) == (on("2026-07-05"), on("2026-07-06"))
    assert deadline.pauses == ()
    assert deadline.passed(datetime(2026, 7, 7, tzinfo=SHANGHAI))


def test_a_pause_may_still_begin_on_the_rolled_last_day():
    pause = [Pause(on("2026-07-06"), on("2026-07-10"), "wait")]
    assert deadline_of(row(), on("2026-06-05"), CALENDAR, pauses=pause).due_on == on("2026-07-09")


def test_days_shared_by_two_pauses_count_once():
    pauses = [Pause(on("2026-06-08"), on("2026-06-12"), "wait"), Pause(on("2026-06-10"), on("2026-06-15"), "wait")]
    assert deadline_of(row(), on("2026-06-05"), CALENDAR, pauses=pauses).due_on == on("2026-07-12")


def test_a_pause_for_a_reason_that_the_row_does_not_name_is_not_heeded():
    pause = [Pause(on("2026-06-11"), on("2026-06-23"), "holiday")]
    deadline = deadline_of(row(), on("2026-06-05"), CALENDAR, pauses=pause)
    assert deadline.due_on == on("2026-07-05")
    assert deadline.pauses == ()


def test_a_pause_cannot_end_before_it_starts():
    with pytest.raises(PauseEndsBeforeItStarts) as refused:
        Pause(on("2026-06-11"), on("2026-06-10"), "wait")
    assert refused.value.status == 422
    assert "2026-06-10" in refused.value.text("en")


def test_what_touches_a_year_without_notice_is_provisional():
    assert deadline_of(row(length=60), on("2026-11-24"), CALENDAR).provisional
    assert not deadline_of(row(), on("2026-11-24"), CALENDAR).provisional
    # counted in working days the whole way matters, not only its end
    assert deadline_of(row(Unit.WORKING_DAYS, 20), on("2027-12-20"), CALENDAR).provisional


def test_a_deadline_comes_back_from_its_stored_form():
    deadline = replace(
        deadline_of(row(), on("2026-06-05"), CALENDAR, pauses=[Pause(on("2026-06-11"), on("2026-06-23"), "wait")]),
        breached_at=datetime(2026, 7, 20, tzinfo=SHANGHAI),
        escalated_to="00.32",
    )
    assert Deadline.from_stored(deadline.stored()) == deadline
    assert deadline.stored()["calendar_version"] == "2026-1"
    assert deadline.shown()["breached_at"] == "2026-07-20T00:00:00+08:00"


@given(DAYS, LENGTHS, st.integers(0, 100))
def test_calendar_days_move_with_their_start(start, length, shift):
    moved = deadline_of(row(length=length), start + timedelta(days=shift), CALENDAR)
    first = deadline_of(row(length=length), start, CALENDAR)
    assert moved.due_on is not None
    assert first.due_on is not None
    assert moved.due_on - first.due_on == timedelta(days=shift)


@given(DAYS, LENGTHS, st.sampled_from([Unit.DAYS, Unit.WORKING_DAYS, Unit.MONTHS]))
def test_the_legal_day_is_worked_never_earlier_and_the_moment_is_its_end(start, length, unit):
    deadline = deadline_of(row(unit, length), start, CALENDAR)
    assert deadline.due_on is not None
    assert deadline.due_legal_on is not None
    assert deadline.due_legal_on >= deadline.due_on > start
    assert CALENDAR.is_working(deadline.due_legal_on)
    assert deadline.due_legal_on == CALENDAR.roll(deadline.due_on)
    assert deadline.due_at.date() == deadline.due_legal_on + timedelta(days=1)
    if unit is Unit.WORKING_DAYS:
        assert deadline.due_on == deadline.due_legal_on


@given(DAYS, LENGTHS, st.integers(0, 60), st.integers(0, 60))
def test_a_pause_inside_the_period_adds_exactly_its_days(start, length, after, days):
    begin = start + timedelta(days=min(after, length))
    pause = Pause(begin, begin + timedelta(days=days), "wait")
    plain = deadline_of(row(length=length), start, CALENDAR).due_on
    paused = deadline_of(row(length=length), start, CALENDAR, pauses=[pause]).due_on
    assert plain is not None
    assert paused == plain + timedelta(days=days)


@given(DAYS, LENGTHS, st.integers(0, 60), st.integers(0, 60))
def test_a_pause_of_a_period_in_working_days_takes_out_exactly_the_working_days_in_it(start, length, after, days):
    rule = row(Unit.WORKING_DAYS, length)
    plain = deadline_of(rule, start, CALENDAR).due_on
    assert plain is not None
    begin = min(start + timedelta(days=after), plain)
    end = begin + timedelta(days=days)
    paused = deadline_of(rule, start, CALENDAR, pauses=[Pause(begin, end, "wait")]).due_on
    assert paused is not None
    lost = CALENDAR.working_days_between(begin, end)
    assert CALENDAR.working_days_between(start, paused) == length + lost


@given(DAYS, LENGTHS, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), max_size=4), st.randoms())
def test_the_order_in_which_pauses_are_listed_does_not_matter(start, length, spans, random):
    pauses = [Pause(start + timedelta(days=a), start + timedelta(days=a + n), "wait") for a, n in spans]
    shuffled = random.sample(pauses, len(pauses))
    listed = deadline_of(row(length=length), start, CALENDAR, pauses=pauses)
    assert listed.due_on == deadline_of(row(length=length), start, CALENDAR, pauses=shuffled).due_on


@given(DAYS, st.integers(1, 30), st.integers(0, 30))
def test_an_extension_counts_on_from_the_period_before_it(start, first, second):
    base = row(length=first)
    extended = deadline_of(row(length=second), start, CALENDAR, extends=base)
    assert extended.due_on == start + timedelta(days=first + second)


@given(DAYS, st.integers(0, 30), st.integers(0, 30))
def test_a_day_of_the_period_moves_with_the_pause_like_its_end(start, after, days):
    begin = start + timedelta(days=min(after, 20))
    pause = [Pause(begin, begin + timedelta(days=days), "wait")]
    assert day_of_period(row(), 20, start, CALENDAR, pause) == start + timedelta(days=20 + days)
