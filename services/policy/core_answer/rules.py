"""Whether a version of the core is the answer to an application, and what the application becomes by it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from shared.money import ZERO


@dataclass(frozen=True)
class Applied:
    """An application as the seam looks at it."""

    kind: str
    status: str
    product: str
    customer_id: UUID
    policy_id: UUID | None


@dataclass(frozen=True)
class Answered:
    """A version of the core that names an application. `policy_id`: the policy it is a version of."""

    change: str
    product: str
    customer_id: UUID
    policy_id: UUID
    refund_amount: Decimal


_CHANGES = {"proposal": ("issue",), "endorsement": ("endorse", "correct"), "cancellation": ("cancel",)}
_OPEN = {
    "proposal": ("approved", "confirmed", "awaiting_premium"),
    "endorsement": ("approved", "finance_pending"),
    "cancellation": ("accepted",),
}
_DONE = {
    "proposal": ("issued",),
    "endorsement": ("effective", "delivered"),
    "cancellation": ("refund_pending", "refunded", "closed"),
}


def conflict(applied: Applied, answered: Answered) -> str | None:
    """Why a version cannot be the answer to the application: another `change`, `product`, `customer` or `policy`, or
    the application's `status`; None where it can, also where it was answered before.
    """
    if answered.change not in _CHANGES[applied.kind]:
        return "change"
    if applied.product != answered.product:
        return "product"
    if applied.customer_id != answered.customer_id:
        return "customer"
    if applied.policy_id not in (None, answered.policy_id):
        return "policy"
    return None if applied.status in (*_OPEN[applied.kind], *_DONE[applied.kind]) else "status"


def becomes(applied: Applied, answered: Answered) -> str | None:
    """The status of the application after its answer; None where it has it already."""
    if applied.status in _DONE[applied.kind]:
        return None
    if applied.kind == "proposal":
        return "issued"
    if applied.kind == "endorsement":
        return "effective"
    return "refund_pending" if answered.refund_amount > ZERO else "closed"
