from __future__ import annotations

import json
from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import BusinessCalendar, DayKind
from tests.support.rule_sets import CALENDARS, read, seeded_calendar

CALENDAR = seeded_calendar()
DAYS = st.dates(date(2019, 1, 1), date(2027, 12, 31))
ARRANGED = [date(2019, 1, 1) + timedelta(days=n) for n in range((date(2026, 12, 31) - date(2019, 1, 1)).days + 1)]


def content(**year):
    entry = {"year": 2026, "provisional": False, "festivals": [], "swapped_days_off": [], "make_up_days": [], **year}
    return {"weekly_rest_days": [6, 7], "years": [entry]}


def test_every_day_of_2019_to_2026_is_worked_or_free_as_an_independent_source_says():
    differing = [day for day in ARRANGED if CALENDAR.is_working(day) != chinese_calendar.is_workday(day)]
    assert differing == []


def test_every_day_that_an_independent_source_calls_swapped_is_no_statutory_festival():
    # the source lists the third day of the Spring Festival of 2022 among its swapped days; by law it is a festival day
    known_error = date(2022, 2, 3)
    wrong = [
        day
        for day in ARRANGED
        if chinese_calendar.is_in_lieu(day) and CALENDAR.kind_of(day) is not DayKind.SWAPPED_DAY_OFF
    ]
    assert wrong == [known_error]


def test_statutory_festival_days_number_eleven_a_year_and_thirteen_since_2025():
    counts = {
        year: sum(kind is DayKind.FESTIVAL for day, kind in CALENDAR.kinds.items() if day.year == year)
        for year in range(2019, 2028)
    }
    # in 2020 the Mid-Autumn Festival fell on the first day of the National Day
    assert counts == {**dict.fromkeys(range(2019, 2025), 11), 2020: 10, 2025: 13, 2026: 13, 2027: 13}


def test_may_2026_has_two_festival_days_and_the_rest_of_its_break_comes_from_the_notice():
    kinds = [CALENDAR.kind_of(date(2026, 5, day)) for day in range(1, 10)]
    assert kinds == [
        DayKind.FESTIVAL,
        DayKind.FESTIVAL,
        DayKind.REST_DAY,
        DayKind.SWAPPED_DAY_OFF,
        DayKind.SWAPPED_DAY_OFF,
        DayKind.WORKING_DAY,
        DayKind.WORKING_DAY,
        DayKind.WORKING_DAY,
        DayKind.MAKE_UP_DAY,
    ]


def test_a_year_without_notice_has_its_statutory_days_only_and_is_provisional():
    kinds = {kind for day, kind in CALENDAR.kinds.items() if day.year == 2027}
    assert kinds == {DayKind.FESTIVAL}
    assert CALENDAR.is_provisional(date(2027, 3, 1))
    assert not CALENDAR.is_provisional(date(2026, 12, 31))


def test_a_year_that_the_data_does_not_know_is_counted_by_weekdays_and_is_provisional():
    assert CALENDAR.is_working(date(2031, 10, 1))
    assert not CALENDAR.is_working(date(2031, 10, 4))
    assert CALENDAR.is_provisional(date(2031, 10, 1))


def test_the_committed_calendar_is_what_its_generator_writes():
    from importlib.machinery import SourceFileLoader
    from types import ModuleType

    script = ModuleType("make_calendar")
    SourceFileLoader("make_calendar", str(CALENDARS.parents[3] / "scripts/make-calendar")).exec_module(script)
    written = "".join(script.year_table(year, notice, False) for year, notice in script.ARRANGED.items())
    assert script.HEAD + written in CALENDARS.read_text(encoding="utf-8")


def test_content_that_came_as_json_gives_the_same_calendar():
    rule_set = read(CALENDARS)
    sent = json.loads(json.dumps(rule_set["content"], default=date.isoformat))
    assert BusinessCalendar.from_content(sent, rule_set["version"]) == CALENDAR


@pytest.mark.parametrize(
    "wrong",
    [
        content(festivals=["2025-10-01"]),
        content(festivals=["2026-10-01"], make_up_days=["2026-10-01"]),
        {**content(), "weekly_rest_days": [1, 2, 3, 4, 5, 6, 7]},
        {**content(), "weekly_rest_days": [0]},
        {"weekly_rest_days": [6, 7], "years": content()["years"] * 2},
    ],
)
def test_content_that_contradicts_itself_is_refused(wrong):
    with pytest.raises(ValueError, match=r"listed twice|not one day of|weekly_rest_days"):
        BusinessCalendar.from_content(wrong, "1")


@pytest.mark.parametrize(
    ("day", "rolled"),
    [
        ("2026-05-02", "2026-05-06"),
        ("2026-05-09", "2026-05-09"),  # a Saturday that is worked
        ("2026-10-10", "2026-10-10"),
        ("2026-09-20", "2026-09-20"),
        ("2026-04-18", "2026-04-20"),
        ("2020-01-31", "2020-02-03"),  # the break of 2020 was extended
    ],
)
def test_days_off_roll_and_make_up_days_do_not(day, rolled):
    assert CALENDAR.roll(date.fromisoformat(day)) == date.fromisoformat(rolled)


def test_five_working_days_after_a_payment_of_23_april_2026_end_on_30_april():
    assert CALENDAR.add_working_days(date(2026, 4, 23), 5) == date(2026, 4, 30)


def test_a_payment_due_on_a_day_off_is_made_on_the_last_working_day_before():
    assert CALENDAR.payment_day(date(2026, 5, 2)) == date(2026, 4, 30)
    assert CALENDAR.payment_day(date(2026, 4, 30)) == date(2026, 4, 30)
    assert CALENDAR.last_working_day_before(date(2026, 4, 30)) == date(2026, 4, 29)


def test_a_negative_number_of_working_days_is_refused():
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.add_working_days(date(2026, 4, 23), -1)


@given(DAYS)
def test_rolling_gives_a_working_day_skips_none_and_is_done_once(day):
    rolled = CALENDAR.roll(day)
    assert CALENDAR.is_working(rolled)
    assert CALENDAR.roll(rolled) == rolled
    assert not any(CALENDAR.is_working(day + timedelta(days=n)) for n in range((rolled - day).days))


@given(DAYS, st.integers(0, 40), st.integers(0, 40))
def test_working_days_add_up_and_are_counted_back(day, first, second):
    end = CALENDAR.add_working_days(day, first + second)
    assert CALENDAR.add_working_days(CALENDAR.add_working_days(day, first), second) == end
    assert CALENDAR.working_days_between(day, end) == first + second


@given(DAYS)
def test_the_payment_day_is_a_working_day_not_later_than_the_due_day(day):
    paid = CALENDAR.payment_day(day)
    assert paid <= day
    assert CALENDAR.is_working(paid)
    assert CALENDAR.working_days_between(paid, day) == 0
