"""Figures of loss prevention: rates, ranks, and the periods they are about. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from shared.errors import Fault, InvalidParameter, Text

LONGEST = timedelta(days=3 * 366)


class GroupKey(StrEnum):
    """`unit`: where the record lies; `central`, `branch`: the unit of that level above it, itself where none is."""

    UNIT = "unit"
    CENTRAL = "central"
    BRANCH = "branch"
    TOTAL = "total"


@dataclass(frozen=True)
class Stretch:
    """First and last day, both inclusive."""

    first: date
    last: date


def stretch(first: date | None, last: date | None, today: date) -> Stretch:
    """The days asked for; without any, the year up to today. Refuses (422) days in the wrong order and too many."""
    end = last or today
    begin = first or date(end.year, 1, 1)
    if end < begin:
        words = Text("结束日期早于开始日期。", "The last day lies before the first.")
        raise InvalidParameter(Fault("days_reversed", words, parameter="to"))
    if end - begin > LONGEST:
        words = Text("统计区间不得超过三年。", "Figures are told of three years at most.")
        raise InvalidParameter(Fault("stretch_too_long", words, parameter="from"))
    return Stretch(begin, end)


_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


def month_of(name: str) -> Stretch | None:
    """The days of a month written `2026-11`; None where it is no month."""
    if not _MONTH.fullmatch(name):
        return None
    first = date.fromisoformat(f"{name}-01")
    return Stretch(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def month_before(first: date) -> Stretch:
    """The month before the one that begins on `first`."""
    last = first - timedelta(days=1)
    return Stretch(last.replace(day=1), last)


def rate(part: int, whole: int) -> Decimal | None:
    """A share to 0.0001; None (“n/a”) where nothing was to be done: an empty month is no perfect one."""
    if whole == 0:
        return None
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Visits:
    """Visits by what became of their due day; cancelled ones are none."""

    due: int = 0
    in_time: int = 0
    late: int = 0
    overdue: int = 0

    @property
    def completion(self) -> Decimal | None:
        """Reported visits among those whose day has come."""
        return rate(self.in_time + self.late, self.in_time + self.late + self.overdue)


@dataclass(frozen=True)
class Cures:
    """Hazards by what became of their last day; cured is what another visit has found so."""

    due: int = 0
    in_time: int = 0
    late: int = 0
    overdue: int = 0

    @property
    def rectification(self) -> Decimal | None:
        """Cured hazards among those whose day has passed or that are cured already."""
        return rate(self.in_time + self.late, self.in_time + self.late + self.overdue)


def ranks(rates: Mapping[str, tuple[Decimal | None, int]], minimum: int) -> dict[str, int]:
    """The rank of each group, the highest rate first; equal rates share one, and a group of fewer than `minimum` has
    none. `rates`: group → rate and how much it counts."""
    found: dict[str, int] = {}
    rated: Sequence[tuple[str, Decimal]] = sorted(
        ((name, value) for name, (value, count) in rates.items() if value is not None and count >= minimum),
        key=lambda one: (-one[1], one[0]),
    )
    before: tuple[Decimal, int] | None = None
    for place, (name, value) in enumerate(rated, 1):
        rank = before[1] if before is not None and before[0] == value else place
        found[name], before = rank, (value, rank)
    return found
