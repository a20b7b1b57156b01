"""What statistics can be asked for, the shares that follow from counts, and who is ranked.

A group with few cases is shown and never ranked: one late claim of three says nothing about a unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from shared.errors import Fault, InvalidParameter, Text

MAX_MONTHS = 120
MAX_GROUPS = 5_000


class GroupKey(StrEnum):
    """`unit`: the handling unit; `central`, `branch`: the unit of that level above it, itself where there is none."""

    BRANCH = "branch"
    CENTRAL = "central"
    UNIT = "unit"
    LINE = "line"
    PRODUCT = "product"
    MONTH = "month"


class Share(StrEnum):
    """A figure by which units can be ranked, with the counts that it is made of."""

    DECISION_ON_TIME_RATE = "decision_on_time_rate"
    PAYMENT_ON_TIME_RATE = "payment_on_time_rate"
    REFUSAL_RATE = "refusal_rate"
    OVERTURN_RATE = "overturn_rate"
    DAYS_TO_DECISION = "days_to_decision"
    DAYS_TO_SETTLEMENT = "days_to_settlement"


_MORE_IS_BETTER = frozenset({Share.DECISION_ON_TIME_RATE, Share.PAYMENT_ON_TIME_RATE})
CASES: Mapping[Share, str] = {
    Share.DECISION_ON_TIME_RATE: "timed_decision_count",
    Share.PAYMENT_ON_TIME_RATE: "timed_payment_count",
    Share.REFUSAL_RATE: "decided_count",
    Share.OVERTURN_RATE: "refused_count",
    Share.DAYS_TO_DECISION: "determined_count",
    Share.DAYS_TO_SETTLEMENT: "settled_count",
}
"""How many cases stand behind a figure."""


@dataclass(frozen=True)
class Counted:
    """One group: its keys, its counts by name, its sums in yuan."""

    keys: tuple[str, ...]
    counts: Mapping[str, int]
    amounts: Mapping[str, Decimal] = field(default_factory=dict)

    def share(self, share: Share) -> Decimal | None:
        """The figure; None where there was nothing to count. Rates to 0.0001, days to 0.1, half up."""
        cases = self.counts[CASES[share]]
        if cases == 0:
            return None
        numerator = {
            Share.DECISION_ON_TIME_RATE: cases - self.counts["late_decision_count"],
            Share.PAYMENT_ON_TIME_RATE: cases - self.counts["late_payment_count"],
            Share.REFUSAL_RATE: self.counts["refused_count"],
            Share.OVERTURN_RATE: self.counts["overturned_count"],
            Share.DAYS_TO_DECISION: self.counts["determination_days"],
            Share.DAYS_TO_SETTLEMENT: self.counts["settlement_days"],
        }[share]
        step = Decimal("0.1") if share in (Share.DAYS_TO_DECISION, Share.DAYS_TO_SETTLEMENT) else Decimal("0.0001")
        return (Decimal(numerator) / Decimal(cases)).quantize(step, rounding=ROUND_HALF_UP)


def read_keys(text: str) -> list[GroupKey]:
    """The keys of a `group_by` list in its order, each once; an unknown or empty one is refused (422)."""
    names = list(dict.fromkeys(name.strip() for name in text.split(",")))
    unknown = [name for name in names if name not in set(GroupKey)]
    if unknown:
        words = Text("不能按此项分组。", "One cannot group by this.")
        raise InvalidParameter(Fault("group_key_unknown", words, parameter="group_by", members={"unknown": unknown}))
    return [GroupKey(name) for name in names]


def read_months(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """First days of the first and the last month, both counted; twelve months up to today's where nothing is said.

    Refused (422): an end before the beginning, and more than ten years.
    """
    end = (last or today).replace(day=1)
    begin = first.replace(day=1) if first is not None else _months_before(end, 11)
    months = (end.year - begin.year) * 12 + end.month - begin.month + 1
    if months < 1:
        words = Text("结束月份早于开始月份。", "The last month lies before the first.")
        raise InvalidParameter(Fault("months_reversed", words, parameter="to"))
    if months > MAX_MONTHS:
        words = Text(f"最多 {MAX_MONTHS} 个月。", f"{MAX_MONTHS} months at most.")
        raise InvalidParameter(Fault("too_many_months", words, parameter="from"))
    return begin, end


def _months_before(day: date, count: int) -> date:
    whole = day.year * 12 + day.month - 1 - count
    return date(whole // 12, whole % 12 + 1, 1)


def refuse_too_many(groups: int) -> None:
    """Refuse (422) a division into more groups than anybody can read."""
    if groups > MAX_GROUPS:
        words = Text(f"分组超过 {MAX_GROUPS} 个，请缩小范围。", f"More than {MAX_GROUPS} groups; ask for less.")
        raise InvalidParameter(Fault("too_many_groups", words, parameter="group_by"))


def ranks(groups: Sequence[Counted], share: Share, minimum: int) -> list[int | None]:
    """The place of each group by `share`, the best first, equals together; None with fewer than `minimum` cases."""
    values = [one.share(share) if one.counts[CASES[share]] >= minimum else None for one in groups]
    found = [value for value in values if value is not None]
    better = (lambda a, b: a > b) if share in _MORE_IS_BETTER else (lambda a, b: a < b)
    return [None if mine is None else 1 + sum(better(other, mine) for other in found) for mine in values]
