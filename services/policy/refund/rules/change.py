"""What a change within the term costs or gives back: heads of a group, and the premium of a changed cover."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.policy.refund.rules.figures import Figures
from services.policy.refund.rules.lines import Computation, Part, Term, days_left, percent, share_of
from shared.errors import Text
from shared.money import half_up, yuan


@dataclass(frozen=True, slots=True)
class HeadChange:
    """Heads added and removed on one day; `per_head` is the premium (yuan) of one head for the whole term."""

    added: int
    removed: int
    per_head: Decimal


def head_change(change: HeadChange, term: Term, at: datetime, figures: Figures) -> Computation:
    """The difference of premium (yuan; negative: a refund) of heads that join and leave a group accident policy.

    Added heads pay the days left of their premium, removed heads are given back the same share of theirs without
    loading; the day of the change counts as a day left; the two lines are netted. Raises `FiguresMissing`.
    """
    left, days = days_left(term, at), term.days
    parts = []
    if change.added:
        parts.append(_added(change, left, days))
    if change.removed:
        parts.append(_removed(change, left, days, figures.loading_stated()))
    return Computation.of("head_change", parts)


def _added(change: HeadChange, left: int, days: int) -> Part:
    amount = share_of(change.per_head * change.added, left, days)
    sum_ = f"{change.added} × {yuan(change.per_head)} × {left}/{days} = {yuan(amount)}"
    return Part("added_heads", amount, Text(f"增加被保险人，按剩余天数加收：{sum_}", f"Added heads, days left: {sum_}"))


def _removed(change: HeadChange, left: int, days: int, loading: Decimal) -> Part:
    amount = -half_up(change.per_head * change.removed * (1 - loading) * left / days)
    sum_ = f"{change.removed} × {yuan(change.per_head)} × (1 − {percent(loading)}) × {left}/{days} = {yuan(-amount)}"
    zh = f"减少被保险人，按剩余天数退还净保费：{sum_}"
    return Part("removed_heads", amount, Text(zh, f"Removed heads, net premium of the days left: {sum_}"))


def premium_change(before: Decimal, after: Decimal, term: Term, at: datetime) -> Computation:
    """The difference (yuan; negative: a refund) where the premium of the whole term goes from `before` to `after`.

    Both cut in the premium and demands for more are by days left, the day of the change counting as one (保险法
    art. 51, 52, 53).
    """
    left, days = days_left(term, at), term.days
    amount = share_of(after - before, left, days)
    sum_ = f"({yuan(after)} − {yuan(before)}) × {left}/{days} = {yuan(amount)}"
    zh, en = f"保险费变动按剩余天数计算：{sum_}", f"Change of premium, days left: {sum_}"
    return Computation.of("premium_change", [Part("premium_change", amount, Text(zh, en))])
