"""Working days and working hours of Asia/Shanghai, from data.

Which days are worked is a yearly arrangement of the State Council and therefore content of the rule set `calendars`.
A year whose arrangement is not published, or that the content does not know, is counted by its weekdays and its
statutory festivals only, and every result that touches it is provisional.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from shared.clock import SHANGHAI, at_midnight, legal_day

DAY = timedelta(days=1)
_SEARCHED_DAYS = 3660
"""How far a promise is looked for before the windows or pauses are taken to be wrong: ten years."""


class DayKind(StrEnum):
    """What a day is in the arrangement of its year."""

    WORKING_DAY = "working_day"
    REST_DAY = "rest_day"
    FESTIVAL = "festival"
    """A statutory day of the festival itself."""
    SWAPPED_DAY_OFF = "swapped_day_off"
    """A weekday that the notice gives free: by swap, or in lieu of a festival that fell on a day of rest."""
    MAKE_UP_DAY = "make_up_day"
    """A day of weekly rest that is worked."""


WORKED = frozenset({DayKind.WORKING_DAY, DayKind.MAKE_UP_DAY})


def day_from(value: date | str) -> date:
    """A day of rule-set content: TOML gives dates, JSON gives `2026-05-01`."""
    return date.fromisoformat(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """The working days of all years known, under one version. Build it with `from_content`."""

    version: str
    kinds: Mapping[date, DayKind]
    published_years: frozenset[int]
    weekly_rest_days: frozenset[int]

    @classmethod
    def from_content(cls, content: Mapping[str, Any], version: str) -> BusinessCalendar:
        """The calendar of a rule set's `content`.

        `content` holds `weekly_rest_days` (ISO weekdays, 7 = Sunday) and `years`, each with `year`, `provisional`,
        `festivals`, `swapped_days_off` and `make_up_days`. A day of the wrong year, or one listed twice, raises
        `ValueError`; so do seven days of weekly rest.
        """
        rest = frozenset(int(one) for one in content["weekly_rest_days"])
        if len(rest) > 6 or not rest <= frozenset(range(1, 8)):
            raise ValueError(f"weekly_rest_days must be fewer than seven ISO weekdays: {sorted(rest)}")
        kinds: dict[date, DayKind] = {}
        years: dict[int, bool] = {}
        for entry in content["years"]:
            year = int(entry["year"])
            if year in years:
                raise ValueError(f"the year {year} is listed twice")
            years[year] = bool(entry["provisional"])
            for day, kind in _days_of(entry):
                if day.year != year or day in kinds:
                    raise ValueError(f"{day} is not one day of {year}")
                kinds[day] = kind
        published = frozenset(year for year, provisional in years.items() if not provisional)
        return cls(version, kinds, published, rest)

    def kind_of(self, day: date) -> DayKind:
        """What `day` is; without an entry its weekday decides."""
        by_weekday = DayKind.REST_DAY if day.isoweekday() in self.weekly_rest_days else DayKind.WORKING_DAY
        return self.kinds.get(day, by_weekday)

    def is_working(self, day: date) -> bool:
        """Whether `day` is worked; make-up days are."""
        return self.kind_of(day) in WORKED

    def is_provisional(self, first: date, last: date | None = None) -> bool:
        """Whether the arrangement of any year from `first` to `last` (default: `first`) is not published yet."""
        return any(year not in self.published_years for year in range(first.year, (last or first).year + 1))

    def roll(self, day: date) -> date:
        """`day` if it is worked, else the next working day (Civil Code art. 203)."""
        while not self.is_working(day):
            day += DAY
        return day

    def add_working_days(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`, which itself is not counted (Civil Code art. 201); 0 gives `day`."""
        if count < 0:
            raise ValueError("a period cannot be negative")
        while count:
            day += DAY
            count -= self.is_working(day)
        return day

    def working_days_between(self, after: date, until: date) -> int:
        """How many working days lie after `after`, up to and including `until`."""
        return sum(self.is_working(after + DAY * n) for n in range(1, (until - after).days + 1))

    def last_working_day_before(self, day: date) -> date:
        """The last working day that is earlier than `day`."""
        day -= DAY
        while not self.is_working(day):
            day -= DAY
        return day

    def payment_day(self, due_on: date) -> date:
        """The last day to pay so that the money is there by `due_on`: never rolled on, but drawn forward."""
        return due_on if self.is_working(due_on) else self.last_working_day_before(due_on)


def _days_of(entry: Mapping[str, Any]) -> Iterator[tuple[date, DayKind]]:
    for name, kind in (
        ("festivals", DayKind.FESTIVAL),
        ("swapped_days_off", DayKind.SWAPPED_DAY_OFF),
        ("make_up_days", DayKind.MAKE_UP_DAY),
    ):
        for value in entry.get(name, ()):
            yield day_from(value), kind


@dataclass(frozen=True, slots=True)
class WorkingWindow:
    """Hours of a working day, Asia/Shanghai: open from `opens`, closed at `closes`."""

    opens: time
    closes: time


def working_windows(content: Sequence[Sequence[str]]) -> tuple[WorkingWindow, ...]:
    """Windows of a rule set: `[["09:00", "12:00"], ["13:00", "17:00"]]`.

    None at all, one that ends before it begins, overlapping or unordered ones raise `ValueError`.
    """
    windows = tuple(WorkingWindow(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in content)
    moments = [moment for window in windows for moment in (window.opens, window.closes)]
    if not windows or moments != sorted(moments) or any(one.opens == one.closes for one in windows):
        raise ValueError(f"working windows must be in order, apart and not empty: {content}")
    return windows


Span = tuple[datetime, datetime]
"""From an instant to a later one."""


def open_spans(
    calendar: BusinessCalendar, day: date, windows: Sequence[WorkingWindow], pauses: Sequence[Span] = ()
) -> list[Span]:
    """The working time of `day` in order, without what lies in `pauses`."""
    if not calendar.is_working(day):
        return []
    spans = [
        (datetime.combine(day, window.opens, SHANGHAI), datetime.combine(day, window.closes, SHANGHAI))
        for window in windows
    ]
    for begin, end in pauses:
        spans = [part for span in spans for part in _without(span, _local(begin), _local(end))]
    return spans


def add_working_time(
    calendar: BusinessCalendar,
    start: datetime,
    duration: timedelta,
    windows: Sequence[WorkingWindow],
    pauses: Sequence[Span] = (),
) -> datetime:
    """When `duration` of working time after `start` (aware) is used up.

    A pause counts only where it overlaps working time; an open pause is closed by the caller with its own now.
    Time that ends with a window ends there and not at the opening of the next one.
    """
    if duration < timedelta():
        raise ValueError("a promise cannot be negative")
    begin, left, first = _local(start), duration, legal_day(start)
    if not left:
        return begin
    for offset in range(_SEARCHED_DAYS):
        for opens, closes in open_spans(calendar, first + DAY * offset, windows, pauses):
            opens = max(opens, begin)
            if opens >= closes:
                continue
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
    raise ValueError("no working time found for the promise")


def working_time_between(
    calendar: BusinessCalendar,
    start: datetime,
    end: datetime,
    windows: Sequence[WorkingWindow],
    pauses: Sequence[Span] = (),
) -> timedelta:
    """The working time from `start` to `end` (aware), pauses left out; zero if `end` is not later."""
    begin, until, total = _local(start), _local(end), timedelta()
    day = legal_day(start)
    while at_midnight(day) < until:
        for opens, closes in open_spans(calendar, day, windows, pauses):
            total += max(timedelta(), min(closes, until) - max(opens, begin))
        day += DAY
    return total


def _without(span: Span, begin: datetime, end: datetime) -> list[Span]:
    opens, closes = span
    if end <= opens or closes <= begin or end <= begin:
        return [span]
    return [part for part in ((opens, begin), (end, closes)) if part[0] < part[1]]


def _local(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return instant.astimezone(SHANGHAI)
