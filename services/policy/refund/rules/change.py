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
    """Heads added and removed on one day, with what they cost for the whole term: `added_premium`, `removed_premium`
    in yuan, gross."""

    added: int
    removed: int
    added_premium: Decimal
    removed_premium: Decimal

    @classmethod
    def at(cls, per_head: Decimal, added: int, removed: int) -> HeadChange:
        """Heads that all cost the same, `per_head` in yuan for the whole term."""
        return cls(added, removed, per_head * added, per_head * removed)


def head_change(change: HeadChange, term: Term, at: datetime, figures: Figures) -> Computation:
    """The difference of premium (yuan; negative: a refund) of heads that join and leave a group policy.

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
    amount = share_of(change.added_premium, left, days)
    sum_ = f"{yuan(change.added_premium)} × {left}/{days} = {yuan(amount)}"
    zh = f"增加被保险人 {change.added} 人，按剩余天数加收：{sum_}"
    return Part("added_heads", amount, Text(zh, f"{change.added} heads added, days left: {sum_}"))


def _removed(change: HeadChange, left: int, days: int, loading: Decimal) -> Part:
    amount = -half_up(change.removed_premium * (1 - loading) * left / days)
    sum_ = f"{yuan(change.removed_premium)} × (1 − {percent(loading)}) × {left}/{days} = {yuan(-amount)}"
    zh = f"减少被保险人 {change.removed} 人，按剩余天数退还净保费：{sum_}"
    return Part("removed_heads", amount, Text(zh, f"{change.removed} heads removed, net premium, days left: {sum_}"))


def premium_change(
    before: Decimal, after: Decimal, term: Term, at: datetime, figures: Figures | None = None
) -> Computation:
    """The difference (yuan; negative: a refund) where the premium of the whole term goes from `before` to `after`.

    Both a cut in the premium and a demand for more are by the days left, the day of the change counting as one
    (保险法 art. 51, 52, 53). With `figures` a cut is given back without loading (personal accident).
    """
    left, days = days_left(term, at), term.days
    loading = figures.loading_stated() if figures is not None and after < before else Decimal(0)
    amount = half_up((after - before) * (1 - loading) * left / days)
    net = f" × (1 − {percent(loading)})" if loading else ""
    sum_ = f"({yuan(after)} − {yuan(before)}){net} × {left}/{days} = {yuan(amount)}"
    zh, en = f"保险费变动按剩余天数计算：{sum_}", f"Change of premium, days left: {sum_}"
    return Computation.of("premium_change", [Part("premium_change", amount, Text(zh, en))])


def period_change(premium: Decimal, term: Term, ends_at: datetime, figures: Figures | None = None) -> Computation:
    """The difference (yuan; negative: a refund) where the term ends at `ends_at` instead: its days at the premium of
    the term. With `figures` what falls away is given back without loading."""
    more = Term(term.starts_at, ends_at).days - term.days
    loading = figures.loading_stated() if figures is not None and more < 0 else Decimal(0)
    amount = half_up(premium * (1 - loading) * more / term.days)
    net = f" × (1 − {percent(loading)})" if loading else ""
    sum_ = f"{yuan(premium)}{net} × {more}/{term.days} = {yuan(amount)}"
    zh, en = f"保险期间变动 {more} 天：{sum_}", f"The term changes by {more} days: {sum_}"
    return Computation.of("period_change", [Part("period_change", amount, Text(zh, en))])
