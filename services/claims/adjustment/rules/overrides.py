"""Lines that the adjuster sets by hand: never above the assessed loss, never above a limit, always with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from services.claims.adjustment.rules import explanation
from services.claims.adjustment.rules.caps import Chosen, Item, cut, total
from services.claims.adjustment.rules.refusals import OverrideAboveLimit, OverrideAboveLoss, OverrideWithoutLine
from shared.errors import Fault, ReasonRequired, Text
from shared.money import ZERO, yuan

OVERRIDDEN = "manual_override"
"""Flag of a sheet with a line set by hand: it is decided one level higher."""


@dataclass(frozen=True)
class Override:
    """The lines `kind` of one claimant (None: an expense) shall pay `amount` yuan together, for `reason`."""

    claimant_ref: str | None
    kind: str
    amount: Decimal
    reason: str
    pointer: str = ""


def read_overrides(stored: Sequence[Mapping[str, Any]]) -> tuple[Override, ...]:
    """The overrides as a sheet stores them: `{claimant_ref, kind, amount, reason}`."""
    return tuple(
        Override(one.get("claimant_ref"), one["kind"], Decimal(one["amount"]), one["reason"], f"#/overrides/{at}")
        for at, one in enumerate(stored)
    )


def overridden(items: Sequence[Item], overrides: Sequence[Override]) -> list[Item]:
    """The items with the amounts that were set by hand, each with its reason among the steps.

    Refuses (422) a line that is not there or that the policy does not pay at all, and an amount above the loss.
    """
    now = list(items)
    for one in overrides:
        at = [n for n, item in enumerate(now) if (item.ref, item.kind) == (one.claimant_ref, one.kind) and item.granted]
        if not at:
            raise OverrideWithoutLine.at(one.pointer, claimant_ref=one.claimant_ref or "", kind=one.kind)
        lines = [now[n] for n in at]
        _refuse_above_loss(one, lines)
        weights = [item.amount for item in lines] if total(lines) else [Decimal(1) for _ in lines]
        for n, part in zip(at, cut(one.amount, lines, weights), strict=True):
            now[n] = _set(now[n], part, one.reason)
    return now


def _refuse_above_loss(one: Override, lines: Sequence[Item]) -> None:
    assessed = [item.assessed for item in lines]
    whole = sum((amount or ZERO for amount in assessed), ZERO)
    if None not in assessed and one.amount > whole:
        raise OverrideAboveLoss.at(f"{one.pointer}/amount", amount=yuan(one.amount), assessed_amount=yuan(whole))


def _set(item: Item, amount: Decimal, reason: str) -> Item:
    step = explanation.overridden(item.amount, amount, reason)
    return replace(item, amount=amount, steps=(*item.steps, step))


def refuse_above(items: Sequence[Item], chosen: Chosen, limit: Decimal | None, name: str) -> None:
    """Refuse (422) items that exceed, together, what is left of the limit `name`; an absent limit is no limit."""
    amount = total([item for item in items if chosen(item)])
    if limit is not None and amount > max(ZERO, limit):
        raise OverrideAboveLimit(
            limit_name=name, amount=yuan(amount), available_amount=yuan(max(ZERO, limit))
        )  # fmt: skip


def check_reasons(overrides: Sequence[Override]) -> None:
    """Refuse (422 `reason_required`) every line set by hand without its reason, all at once."""
    faults = [
        Fault(
            ReasonRequired.code,
            Text("人工调整须说明理由。", "A line set by hand needs its reason."),
            pointer=f"{one.pointer}/reason",
        )
        for one in overrides
        if not one.reason.strip()
    ]
    if faults:
        raise ReasonRequired(*faults)
