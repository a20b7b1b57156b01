from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import BusinessCalendar, add_working_time, open_spans, working_time_between, working_windows
from shared.clock import SHANGHAI
from shared.periods import promise
from tests.support.rule_sets import ROOT, seeded_calendar

CALENDAR = seeded_calendar()
WINDOWS = working_windows([["09:00", "12:00"], ["13:00", "17:00"]])
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(SHANGHAI))  # noqa: DTZ001
HOURS = st.timedeltas(timedelta(), timedelta(hours=60))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_four_hours_promised_on_friday_at_16_end_on_saturday_noon_if_that_saturday_is_made_up():
    assert add_working_time(CALENDAR, at("2026-05-08T16:00"), timedelta(hours=4), WINDOWS) == at("2026-05-09T12:00")


def test_four_hours_promised_on_friday_at_16_end_on_monday_noon_if_that_saturday_is_free():
    assert add_working_time(CALENDAR, at("2026-04-17T16:00"), timedelta(hours=4), WINDOWS) == at("2026-04-20T12:00")


def test_the_hours_of_lunch_and_of_the_night_do_not_count():
    assert add_working_time(CALENDAR, at("2026-04-20T11:30"), timedelta(hours=1), WINDOWS) == at("2026-04-20T13:30")
    assert add_working_time(CALENDAR, at("2026-04-20T12:30"), timedelta(hours=1), WINDOWS) == at("2026-04-20T14:00")
    assert add_working_time(CALENDAR, at("2026-04-20T22:00"), timedelta(hours=1), WINDOWS) == at("2026-04-21T10:00")


def test_an_instant_of_another_offset_is_the_same_instant():
    in_utc = at("2026-05-08T16:00").astimezone(UTC)
    assert add_working_time(CALENDAR, in_utc, timedelta(hours=4), WINDOWS) == at("2026-05-09T12:00")


def test_a_host_in_another_zone_gets_the_same_answer():
    code = (
        "from tests.unit.shared.test_calendar_hours import *\n"
        "print(add_working_time(CALENDAR, at('2026-05-08T16:00'), timedelta(hours=4), WINDOWS).isoformat())"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "TZ": zone, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for zone in ("America/Los_Angeles", "Pacific/Kiritimati", "UTC")
    }
    assert answers == {"2026-05-09T12:00:00+08:00"}


def test_a_pause_counts_only_where_it_overlaps_working_time():
    start, four = at("2026-04-20T09:00"), timedelta(hours=4)
    night = [(at("2026-04-20T18:00"), at("2026-04-21T08:00"))]
    hour = [(at("2026-04-20T10:00"), at("2026-04-20T11:00"))]
    over_lunch = [(at("2026-04-20T11:30"), at("2026-04-20T13:30"))]
    assert add_working_time(CALENDAR, start, four, WINDOWS) == at("2026-04-20T14:00")
    assert add_working_time(CALENDAR, start, four, WINDOWS, night) == at("2026-04-20T14:00")
    assert add_working_time(CALENDAR, start, four, WINDOWS, hour) == at("2026-04-20T15:00")
    assert add_working_time(CALENDAR, start, four, WINDOWS, over_lunch) == at("2026-04-20T15:00")
    assert add_working_time(CALENDAR, start, four, WINDOWS, hour + hour) == at("2026-04-20T15:00")


def test_a_promise_in_working_hours_has_only_its_moment():
    made = at("2026-05-08T16:00")
    deadline = promise("enquiry_answer", "4 working hours", at("2026-05-09T12:00"), CALENDAR, made)
    assert deadline.shown() == {
        "id": "enquiry_answer",
        "basis": "4 working hours",
        "due_at": "2026-05-09T12:00:00+08:00",
        "pauses": [],
        "provisional": False,
    }
    assert not deadline.passed(at("2026-05-09T12:00"))
    assert deadline.passed(at("2026-05-09T12:00:01"))
    assert deadline.overdue(at("2026-05-09T12:00:01"))


@pytest.mark.parametrize(
    "wrong",
    [[], [["13:00", "17:00"], ["09:00", "12:00"]], [["09:00", "12:00"], ["11:00", "17:00"]], [["09:00", "09:00"]]],
)
def test_windows_out_of_order_overlapping_or_empty_are_refused(wrong):
    with pytest.raises(ValueError, match="working windows"):
        working_windows(wrong)


def test_an_instant_without_offset_is_refused():
    with pytest.raises(ValueError, match="offset"):
        add_working_time(CALENDAR, datetime(2026, 5, 8, 16), timedelta(hours=4), WINDOWS)  # noqa: DTZ001


def test_a_pause_without_end_in_sight_is_reported_and_does_not_hang():
    pause = [(at("2026-04-20T09:00"), at("2040-01-01T00:00"))]
    with pytest.raises(ValueError, match="no working time"):
        add_working_time(CALENDAR, at("2026-04-20T09:00"), timedelta(hours=1), WINDOWS, pause)


@given(INSTANTS, HOURS)
def test_the_promised_time_is_exactly_the_working_time_until_its_end(start, duration):
    end = add_working_time(CALENDAR, start, duration, WINDOWS)
    assert working_time_between(CALENDAR, start, end, WINDOWS) == duration


@given(INSTANTS, HOURS, HOURS)
def test_promised_times_add_up(start, first, second):
    middle = add_working_time(CALENDAR, start, first, WINDOWS)
    assert add_working_time(CALENDAR, middle, second, WINDOWS) == add_working_time(
        CALENDAR, start, first + second, WINDOWS
    )


@given(INSTANTS, st.timedeltas(timedelta(minutes=1), timedelta(hours=30)), INSTANTS, INSTANTS)
def test_a_pause_moves_a_promise_by_the_working_time_it_took(start, duration, one, other):
    span = (min(one, other), max(one, other))
    end = add_working_time(CALENDAR, start, duration, WINDOWS, [span])
    lost = working_time_between(CALENDAR, max(start, span[0]), min(end, span[1]), WINDOWS)
    assert working_time_between(CALENDAR, start, end, WINDOWS) == duration + lost


@given(INSTANTS, st.integers(1, 20), HOURS)
def test_without_days_off_a_promise_moves_with_its_start(start, days, duration):
    every_day = BusinessCalendar("none", {}, frozenset({2026}), frozenset())
    end = add_working_time(every_day, start, duration, WINDOWS)
    shift = timedelta(days=days)
    assert add_working_time(every_day, start + shift, duration, WINDOWS) == end + shift


def test_a_day_off_has_no_open_hours():
    assert open_spans(CALENDAR, at("2026-05-04T00:00").date(), WINDOWS) == []
    assert len(open_spans(CALENDAR, at("2026-05-09T00:00").date(), WINDOWS)) == 2
