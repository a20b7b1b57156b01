"""Statistics of complaints: every complaint counts, merged and withdrawn ones too, and nothing is typed in by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from shared.errors import Fault, InvalidParameter, Text

MAX_GROUPS = 5_000


class GroupKey(StrEnum):
    """`unit`: where the complaint lies; `central`, `branch`: the unit of that level above it, itself where none is."""

    BRANCH = "branch"
    CENTRAL = "central"
    UNIT = "unit"
    CAUSE = "cause"
    CHANNEL = "channel"
    PRODUCT = "product"
    OUTCOME = "outcome"
    STAGE = "stage"
    SALESPERSON = "salesperson"
    TIMELINESS = "timeliness"


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def read_keys(text: str) -> list[GroupKey]:
    """The keys of a `group_by` list in its order, each once; an unknown or empty one is refused (422)."""
    names = list(dict.fromkeys(name.strip() for name in text.split(",")))
    unknown = [name for name in names if name not in set(GroupKey)]
    if unknown:
        detail = Text("不能按此项分组。", "One cannot group by this.")
        fault = Fault("group_key_unknown", detail, parameter="group_by", members={"unknown": unknown})
        raise InvalidParameter(fault)
    return [GroupKey(name) for name in names]


def bucket(day: date, period: Period) -> str:
    """The name of the period a day lies in: `2026-05-11`, ISO week `2026-W20`, `2026-05`."""
    if period is Period.DAY:
        return day.isoformat()
    if period is Period.WEEK:
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    return f"{day.year:04d}-{day.month:02d}"


def bucket_days(name: str, period: Period) -> tuple[date, date]:
    """First day and the day after the last of a period named by `bucket`."""
    if period is Period.DAY:
        first = date.fromisoformat(name)
        return first, first + timedelta(days=1)
    if period is Period.WEEK:
        year, _, week = name.partition("-W")
        first = date.fromisocalendar(int(year), int(week), 1)
        return first, first + timedelta(days=7)
    first = date.fromisoformat(f"{name}-01")
    return first, (first + timedelta(days=31)).replace(day=1)


NOT_STATED = "not_stated"


def group(
    rows: Iterable[tuple[date, Mapping[GroupKey, str | None]]], keys: Sequence[GroupKey], period: Period
) -> dict[tuple[str, ...], int]:
    """Counts by period and keys; `rows` are day of receipt and attributes of every complaint, whatever its state.

    An attribute that a complaint does not have is `not_stated`, so that the parts add up to the whole.
    """
    counted = Counter(
        (bucket(received_on, period), *(attributes.get(key) or NOT_STATED for key in keys))
        for received_on, attributes in rows
    )
    return dict(sorted(counted.items()))


def folded(
    rows: Iterable[tuple[tuple[str, ...], int]], keys: Sequence[GroupKey], stages: Mapping[str, str]
) -> dict[tuple[str, ...], int]:
    """Counts by period and keys, where the stage was counted by cause: causes of one stage are added up."""
    total: Counter[tuple[str, ...]] = Counter()
    for (period, *values), count in rows:
        named = [
            stages.get(value, NOT_STATED) if key is GroupKey.STAGE else value
            for key, value in zip(keys, values, strict=True)
        ]
        total[(period, *named)] += count
    return dict(sorted(total.items()))


def ranks(counts: Mapping[tuple[str, ...], int], minimum: int) -> dict[tuple[str, ...], int]:
    """The rank of each group within its period, the most complaints first; equal counts share one, and a group of
    fewer than `minimum` has none."""
    found: dict[tuple[str, ...], int] = {}
    seen: dict[str, tuple[int, int, int]] = {}
    for name, count in sorted(counts.items(), key=lambda one: -one[1]):
        place, rank, before = seen.get(name[0], (0, 0, -1))
        rank = rank if count == before else place + 1
        seen[name[0]] = (place + 1, rank, count)
        if count >= minimum:
            found[name] = rank
    return found


def check_days(first: date | None, last: date | None) -> None:
    """Refuse (422) an end before the beginning."""
    if first is not None and last is not None and last < first:
        words = Text("结束日期早于开始日期。", "The last day lies before the first.")
        raise InvalidParameter(Fault("days_reversed", words, parameter="to"))


def refuse_too_many(groups: int) -> None:
    """Refuse (422) a division into more groups than anybody can read."""
    if groups > MAX_GROUPS:
        words = Text(f"分组超过 {MAX_GROUPS} 个，请缩小范围。", f"More than {MAX_GROUPS} groups; ask for less.")
        raise InvalidParameter(Fault("too_many_groups", words, parameter="group_by"))


def per_10_000(complaints: int, policies: int | None) -> Decimal | None:
    """Complaints for every 10,000 policies, to 0.01; `None` (“n/a”) where there is no policy."""
    if not policies:
        return None
    return (Decimal(complaints) * 10_000 / Decimal(policies)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def ratio(part: int, whole: int) -> Decimal | None:
    """A share to 0.0001, or `None` (“n/a”) where nothing was to be counted: an empty month is no perfect one."""
    if whole == 0:
        return None
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
