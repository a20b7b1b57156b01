"""What the contract itself fixes: daily benefits."""

from __future__ import annotations

from decimal import Decimal

from services.claims.adjustment.rules import explanation
from services.claims.adjustment.rules.caps import Item
from services.claims.adjustment.rules.losses import Loss
from services.claims.adjustment.rules.refusals import DaysMissing
from shared.errors import Text
from shared.money import ZERO, half_up


def by_days(ref: str, loss: Loss, daily: Decimal, waiting: int, most: int | None, waiting_term: str) -> Item:
    """(days − waiting days) × daily amount, within the maximum number of days. Refuses missing days (422)."""
    if loss.days is None:
        raise DaysMissing.at(f"{loss.pointer}/days", kind=loss.kind)
    days = max(0, loss.days - waiting)
    if most is not None:
        days = min(days, most)
    amount = half_up(days * daily)
    waited = waiting > 0 and loss.days > 0 and days < (loss.days if most is None else min(loss.days, most))
    step = explanation.by_days(loss.days, waiting, most, daily, amount)
    return Item(ref, loss.kind, amount, (step,), frozenset({waiting_term} if waited else ()))


def not_granted(ref: str | None, kind: str, step: Text, *terms: str) -> Item:
    """A line of nothing that says why."""
    return Item(ref, kind, ZERO, (step,), frozenset(terms), granted=False)
