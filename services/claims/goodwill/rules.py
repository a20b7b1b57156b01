"""When something may be paid ex gratia: after the result, a share of the item at most, never for fraud or intent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from services.claims.agreement.rules import TOLD_IN
from services.claims.approval.rules import ExGratiaForFraud, Trigger, Triggers, check_ex_gratia
from services.claims.claim.rules import ClaimStatus, Duty, Held, legal_moves, refuse_to_take
from services.claims.side.rules import Side, SideKind, Sides, SideStatus, check_amount, refuse_second
from shared.actor import Actor
from shared.errors import Fault, Refused, StateConflict, Text
from shared.money import ZERO


class ItemUnknown(Refused):
    """Members: `claimant_ref`, `kind`."""

    code = "item_unknown"
    title = Text("计算书中没有该项目", "The sheet has no such item")
    detail = Text(
        "计算书中没有索赔人 {claimant_ref} 的 {kind} 项目。", "The sheet has no item {kind} of claimant {claimant_ref}."
    )


def may_request(status: ClaimStatus, flags: Iterable[str], duties: Iterable[Held], actor: Actor, sides: Sides) -> None:
    """Refuse (403) who surveyed or approved; (409) before the decision and after closing, a fraudulent or intentional
    case, and while another one is being decided."""
    refuse_to_take(duties, actor, Duty.ADJUSTER)
    if status not in TOLD_IN:
        raise StateConflict(current_state=str(status), legal_moves=legal_moves(status))
    if "suspected_fraud" in flags or (sides.refused_as or "") in sides.never_ex_gratia:
        raise ExGratiaForFraud()
    refuse_second(sides, SideKind.EX_GRATIA)


def item_amount(sheet: Mapping[str, Any], claimant_ref: str | None, kind: str | None) -> Decimal:
    """What the sheet says of the item, in yuan: one line, one claimant, or all. Raises `ItemUnknown` (422)."""
    lines = [
        one
        for one in sheet["lines"]
        if (claimant_ref is None or one["claimant_ref"] == claimant_ref) and (kind is None or one["kind"] == kind)
    ]
    if not lines:
        members = {"claimant_ref": claimant_ref, "kind": kind}
        raise ItemUnknown(Fault(ItemUnknown.code, ItemUnknown.detail, pointer="#/item", members=members), **members)
    return sum((Decimal(one["amount"]) for one in lines), ZERO)


def check(amount: Decimal, item: Decimal, earlier: Iterable[Side], told: Mapping[str, Any], triggers: Triggers) -> None:
    """Refuse (422) an amount of nothing, and one that together with earlier ones on the same item exceeds its share."""
    check_amount(amount)
    same = [
        one.amount for one in earlier if one.status is SideStatus.APPROVED and one.facts.get("item") == told.get("item")
    ]
    check_ex_gratia(amount + sum(same, ZERO), item, triggers, frozenset({Trigger.EX_GRATIA}))
