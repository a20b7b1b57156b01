"""How groups and their figures are answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from services.claims.statistics.queries import AMOUNTS, COUNTS
from services.claims.statistics.rules import CASES, Counted, GroupKey, Share, ranks
from services.claims.statistics.schemas import FiguresOut, GroupOut, StatisticsOut


def _figures(one: Counted) -> dict[str, Any]:
    shares = {str(share): one.share(share) for share in Share}
    return {**one.counts, **one.amounts, **{name: value for name, value in shares.items() if value is not None}}


def total_of(groups: Sequence[Counted]) -> Counted:
    """All groups together."""
    counts = {name: sum(one.counts[name] for one in groups) for name in COUNTS}
    return Counted((), counts, {name: sum((one.amounts[name] for one in groups), Decimal("0.00")) for name in AMOUNTS})


def statistics(
    keys: Sequence[GroupKey], months: tuple[date, date], groups: Sequence[Counted], minimum: int, by: Share | None
) -> StatisticsOut:
    """The answer; with `by` the groups are ranked, as far as they have enough cases."""
    places = ranks(groups, by, minimum) if by is not None else [None] * len(groups)
    items = []
    for one, place in zip(groups, places, strict=True):
        few = None if by is None else one.counts[CASES[by]] < minimum
        group = dict(zip(map(str, keys), one.keys, strict=True))
        items.append(GroupOut(group=group, rank=place, too_few=few, **_figures(one)))
    first, last = (f"{day:%Y-%m}" for day in months)
    total = FiguresOut(**_figures(total_of(groups)))
    return StatisticsOut(from_month=first, to_month=last, minimum_cases=minimum, items=items, total=total)
