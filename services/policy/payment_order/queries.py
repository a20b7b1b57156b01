"""Reading payment orders, and who stands behind an account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from services.policy.application.tables import Application
from services.policy.payment_order import rules
from services.policy.payment_order.tables import PaymentOrder
from services.policy.policy.tables import Policy
from shared import directory
from shared.clock import legal_day
from shared.database import Transaction
from shared.pagination import Filter, Listing
from shared.rule_sets import in_force

ORDERS = Listing(
    model=PaymentOrder,
    filters={
        "status": Filter(PaymentOrder.status),
        "kind": Filter(PaymentOrder.kind),
        "direction": Filter(PaymentOrder.direction),
        "policy_id": Filter(PaymentOrder.policy_id, UUID),
        "policy_no": Filter(PaymentOrder.policy_no),
        "application_id": Filter(PaymentOrder.application_id, UUID),
        "customer_id": Filter(PaymentOrder.customer_id, UUID),
        "due_on": Filter(PaymentOrder.due_on, date, ranged=True),
    },
    conditions={"due_before": lambda value: PaymentOrder.due_on < date.fromisoformat(value)},
    search=(PaymentOrder.policy_no,),
    sorts={"due_on": PaymentOrder.due_on},
)


@dataclass(frozen=True)
class OrderFacts:
    """What an act on an order is judged by."""

    order: PaymentOrder


async def of_application(tx: Transaction, application_id: UUID, kind: str | None = None) -> Sequence[PaymentOrder]:
    """The orders of an application that were not withdrawn, the oldest first."""
    statement = select(PaymentOrder).where(
        PaymentOrder.application_id == application_id, PaymentOrder.status != str(rules.OrderStatus.CANCELLED)
    )
    if kind is not None:
        statement = statement.where(PaymentOrder.kind == kind)
    return await tx.scalars(statement.order_by(PaymentOrder.created_at, PaymentOrder.id))


async def of_policy(tx: Transaction, policy_id: UUID) -> Sequence[PaymentOrder]:
    """Every order about a policy, that of its issue included."""
    mine = PaymentOrder.policy_id == policy_id
    return await tx.scalars(select(PaymentOrder).where(mine).order_by(PaymentOrder.created_at, PaymentOrder.id))


async def pointless(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Orders to collect whose application came to nothing."""
    ended = ("withdrawn", "expired", "declined", "rejected")
    statement = (
        select(PaymentOrder.id)
        .join(Application, Application.id == PaymentOrder.application_id)
        .where(PaymentOrder.status.in_(("created", "failed")), Application.status.in_(ended))
    )
    return await tx.scalars(statement.order_by(PaymentOrder.created_at, PaymentOrder.id).limit(limit))


async def premium_days(tx: Transaction, policy_id: UUID) -> list[date]:
    """The days on which premium of this policy was accepted."""
    rows = await of_policy(tx, policy_id)
    return [legal_day(one.paid_at) for one in rows if one.direction == "in" and one.paid_at is not None]


async def handlers_of(tx: Transaction, order: PaymentOrder) -> frozenset[UUID]:
    """Staff who sold, entered or decided what the order is about."""
    people: set[UUID | None] = set()
    if order.application_id is not None:
        row = await tx.scalar(select(Application).where(Application.id == order.application_id))
        if row is not None:
            people |= {row.seller_id, row.entered_by, row.entered_for, row.underwriter_id}
    if order.policy_id is not None:
        policy = await tx.scalar(select(Policy).where(Policy.id == order.policy_id))
        if policy is not None:
            people |= {policy.seller_id, policy.underwriter_id}
    return frozenset(one for one in people if one is not None)


async def staff_behind(tx: Transaction, digest: str) -> frozenset[UUID]:
    """Staff whose own account this is, as they declared it."""
    return frozenset(person for person, whose in await directory.declared(tx, {digest}) if whose == "self")


async def premium_due_on(tx: Transaction) -> date:
    """The day by which a premium that is asked for now is due."""
    content = (await in_force(tx, "contract_life")).content
    return legal_day(tx.now) + timedelta(days=int(content["payment"]["premium_days"]))


async def refund_due_on(tx: Transaction, received_on: date) -> date:
    """The day by which a refund asked for on `received_on` is paid."""
    content = (await in_force(tx, "contract_life")).content
    return received_on + timedelta(days=int(content["payment"]["refund_days"]))
