"""The premium of a change, line by line, from the premium of the term and the filed rate. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.policy.application.rules import Listed, annual_premium
from services.policy.refund.rules import (
    Computation,
    Figures,
    HeadChange,
    Part,
    Term,
    head_change,
    period_change,
    premium_change,
)
from shared.money import ZERO, half_up

BY_HEAD = frozenset({"per_head", "per_head_limit", "sum_insured"})
"""Bases of a filed rate that count heads."""


@dataclass(frozen=True, slots=True)
class Rated:
    """What the filed rate is applied to: cover, heads, list; `factor` is the adjustment agreed for the contract."""

    rating: Mapping[str, Any]
    cover: Mapping[str, Any]
    count: int
    listed: Sequence[Listed] = ()
    factor: Decimal = Decimal(1)

    def annual(self) -> Decimal:
        """The premium (yuan) of a year, without a minimum: of a part of the contract there is none."""
        rating = {**self.rating, "minimum_premium": "0.00"}
        return half_up(annual_premium(rating, self.cover, self.count, self.listed) * self.factor)


@dataclass(frozen=True, slots=True)
class Priced:
    """The difference (yuan; negative: given back) and the premium of the whole term afterwards."""

    parts: tuple[Part, ...]
    term_premium: Decimal

    @property
    def computation(self) -> Computation:
        return Computation.of("endorsement", self.parts)


@dataclass(frozen=True, slots=True)
class Change:
    """A change as it is priced; what is None or empty does not change. `demanded`: the share of the premium demanded
    more for a safety duty that was not kept.
    """

    heads: HeadChange | None = None
    before: Rated | None = None
    after: Rated | None = None
    demanded: Decimal | None = None
    ends_at: datetime | None = None
    figures: Figures | None = field(default=None)
    """Of an accident policy: what is given back is without loading."""


def heads(per_head: Decimal | None, added: Rated, removed: Rated) -> HeadChange | None:
    """What heads that join and leave cost for the whole term: by the premium of a head, else by the filed rate; None
    where the rate does not count heads.
    """
    if not added.count and not removed.count:
        return None
    if per_head is not None:
        return HeadChange.at(per_head, added.count, removed.count)
    if added.rating.get("basis") not in BY_HEAD:
        return None
    joined = added.annual() if added.count else ZERO
    return HeadChange(added.count, removed.count, joined, removed.annual() if removed.count else ZERO)


def price(change: Change, premium: Decimal, term: Term, at: datetime) -> Priced:
    """What the change costs from `at` on, on top of `premium` (yuan) of the whole term.

    Another cover moves the premium in the proportion of the filed rates, so that what was agreed for the contract stays
    agreed. Raises `FiguresMissing`.
    """
    parts: list[Part] = []
    if change.heads is not None:
        figures = change.figures or Figures(loading=Decimal(0))
        parts += head_change(change.heads, term, at, figures).parts
        premium += change.heads.added_premium - change.heads.removed_premium
    for after in _premiums(change, premium):
        parts += premium_change(premium, after, term, at, change.figures).parts
        premium = after
    if change.ends_at is not None:
        parts += period_change(premium, term, change.ends_at, change.figures).parts
        premium = half_up(premium * Term(term.starts_at, change.ends_at).days / term.days)
    return Priced(tuple(one for one in parts if one.amount != ZERO), premium)


def _premiums(change: Change, premium: Decimal) -> list[Decimal]:
    """The premium of the term after another cover, and after a demanded increase."""
    found = []
    if change.before is not None and change.after is not None and (old := change.before.annual()) > ZERO:
        premium = half_up(premium * change.after.annual() / old)
        found.append(premium)
    if change.demanded is not None:
        found.append(half_up(premium * (1 + change.demanded)))
    return found


def instalments(
    priced: Priced, line: str, old_end: datetime, new_end: datetime | None
) -> tuple[tuple[Decimal, bool, datetime | None], ...]:
    """The parts as instalments of the premium: what pays for an extension begins with it, what was cut off is gone."""
    begins = None if new_end is None else min(old_end, new_end)
    return tuple(
        (one.amount, line == "accident" and one.amount < ZERO, begins if one.kind == "period_change" else None)
        for one in priced.parts
    )
