"""Amounts on their way through the cover terms: an item is reduced step by step, and each step that bites is told.

Every function takes the items of one accident and gives them back in the same order; none raises an amount.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from shared.errors import Text
from shared.money import ZERO, allocate, half_up


@dataclass(frozen=True)
class Item:
    """One line of the coming sheet: yuan so far, the steps that made it, and the cover terms that bit.

    `ref` is the claimant's, None for an expense. `assessed`: the loss as it was assessed, None for an agreed benefit.
    `granted` False: the policy pays no such thing.
    """

    ref: str | None
    kind: str
    amount: Decimal
    steps: tuple[Text, ...] = ()
    terms: frozenset[str] = frozenset()
    assessed: Decimal | None = None
    granted: bool = True

    def to(self, amount: Decimal, step: Text, *terms: str) -> Item:
        """The item at `amount`; unchanged, without a step, where the amount stays what it is."""
        if amount == self.amount:
            return self
        return replace(self, amount=amount, steps=(*self.steps, step), terms=self.terms | set(terms))

    def noting(self, step: Text, *terms: str) -> Item:
        """The item with a remark that leaves its amount alone."""
        return replace(self, steps=(*self.steps, step), terms=self.terms | set(terms))


Chosen = Callable[[Item], bool]


def total(items: Sequence[Item]) -> Decimal:
    """The sum of the items in yuan."""
    return sum((item.amount for item in items), ZERO)


def scaled(items: Sequence[Item], chosen: Chosen, rate: Decimal | None, wording: Wording, *terms: str) -> list[Item]:
    """The chosen items × `rate`, each rounded half-up; an absent rate does not apply."""
    if rate is None:
        return list(items)
    return [_scaled(item, rate, wording, terms) if chosen(item) else item for item in items]


def deducted(
    items: Sequence[Item], chosen: Chosen, deduction: Decimal, wording: WordingOfPart, *terms: str
) -> list[Item]:
    """`deduction` yuan taken once from the chosen items together, spread in proportion to their amounts."""
    within = [item for item in items if chosen(item)]
    parts = iter(cut(min(deduction, total(within)), within, [item.amount for item in within]))
    return [_deducted(item, next(parts), deduction, wording, terms) if chosen(item) else item for item in items]


def capped(
    items: Sequence[Item],
    chosen: Chosen,
    limit: Decimal | None,
    wording: WordingOfCap,
    *terms: str,
    allocation: str = "pro_rata",
) -> list[Item]:
    """The chosen items within `limit` yuan together; an absent limit is no limit.

    Where it bites the limit is shared out by `allocation`: `pro_rata` to the amounts before the cap, or
    `injury_first`: bodily injury in full before property. To 0.01, by largest remainder: the parts make the limit.
    """
    within = [item for item in items if chosen(item)]
    whole = total(within)
    if limit is None or whole <= limit:
        return list(items)
    room = max(ZERO, limit)
    parts = iter(share_out(room, within, allocation))
    return [_capped(item, next(parts), room, whole, wording, terms) if chosen(item) else item for item in items]


def share_out(room: Decimal, items: Sequence[Item], allocation: str) -> list[Decimal]:
    """`room` yuan (less than the items' sum) cut over the items: pro rata, or injuries before property."""
    if allocation == "pro_rata":
        return cut(room, items, [item.amount for item in items])
    injuries = [ZERO if item.kind == "property" else item.amount for item in items]
    injured = sum(injuries, ZERO)
    if injured >= room:
        return cut(room, items, injuries)
    rest = cut(room - injured, items, [item.amount if item.kind == "property" else ZERO for item in items])
    return [own + part for own, part in zip(injuries, rest, strict=True)]


def cut(amount: Decimal, items: Sequence[Item], weights: Sequence[Decimal]) -> list[Decimal]:
    """`amount` yuan over the items by largest remainder. Of equal remainders the one of the lower reference comes
    first, so that the order in which claimants are listed gives nobody a cent."""
    order = sorted(range(len(items)), key=lambda at: (items[at].ref or "", items[at].kind, at))
    parts = dict(zip(order, allocate(amount, [weights[at] for at in order]), strict=True))
    return [parts[at] for at in range(len(items))]


Wording = Callable[[Decimal, Decimal], Text]
"""(rate, amount after) → step."""
WordingOfPart = Callable[[Decimal, Decimal], Text]
"""(deduction of all, part of this item) → step."""
WordingOfCap = Callable[[Decimal, Decimal, Decimal], Text]
"""(limit left, sum before the cap, this item's part) → step."""


def _scaled(item: Item, rate: Decimal, wording: Wording, terms: Sequence[str]) -> Item:
    amount = half_up(item.amount * rate)
    return item.to(amount, wording(rate, amount), *terms)


def _deducted(item: Item, part: Decimal, deduction: Decimal, wording: WordingOfPart, terms: Sequence[str]) -> Item:
    return item.to(item.amount - part, wording(deduction, part), *terms)


def _capped(
    item: Item, part: Decimal, room: Decimal, whole: Decimal, wording: WordingOfCap, terms: Sequence[str]
) -> Item:
    return item.to(part, wording(room, whole, part), *terms)
