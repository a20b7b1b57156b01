"""Deliveries listed, those to be opened, those that are overdue, those that count by now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, literal, or_, select, union_all

from services.policy.application.tables import Application
from services.policy.delivery.rules import Item, Method
from services.policy.delivery.tables import Delivery
from services.policy.payment_order.tables import PaymentOrder
from services.policy.policy.tables import Policy, PolicyVersion
from shared.attachments import attachments
from shared.calendar import BusinessCalendar
from shared.clock import legal_day
from shared.database import Transaction
from shared.deadline_registry import Unit
from shared.pagination import Filter, Listing
from shared.periods import counted
from shared.rule_sets import in_force
from shared.ticks import unclaimed

DELIVERIES = Listing(
    model=Delivery,
    filters={
        "policy_id": Filter(Delivery.policy_id, UUID),
        "policy_no": Filter(Delivery.policy_no),
        "item": Filter(Delivery.item),
        "status": Filter(Delivery.status),
        "due_on": Filter(Delivery.due_on, date, ranged=True),
    },
    search=(Delivery.policy_no, Delivery.document_no),
    sorts={"due_on": Delivery.due_on, "policy_no": Delivery.policy_no},
    conditions={"due_before": lambda text: Delivery.due_on < date.fromisoformat(text)},
)


@dataclass(frozen=True)
class Owed:
    """An item that a customer is to get and for which no delivery stands yet."""

    policy_id: UUID
    item: str
    document_no: str
    issued_on: date


async def figures(tx: Transaction) -> dict[str, Any]:
    """The periods of deliveries."""
    return (await in_force(tx, "policy_servicing")).content["delivery"]


async def due_on(tx: Transaction, issued_on: date) -> date:
    """By when an item should be with the customer."""
    calendars = await in_force(tx, "calendars")
    days = int((await figures(tx))["working_days"])
    return counted(Unit.WORKING_DAYS, days, issued_on, calendars.parsed(BusinessCalendar.from_content))


async def of_item(tx: Transaction, policy_id: UUID, item: str, document_no: str) -> Delivery | None:
    """The delivery of one item of a policy, locked."""
    statement = select(Delivery).where(
        Delivery.policy_id == policy_id, Delivery.item == item, Delivery.document_no == document_no
    )
    return await tx.scalar(statement.with_for_update())


async def endorsement_of(tx: Transaction, policy_id: UUID, document_no: str) -> Application | None:
    """The application of an endorsement that has taken effect, by the number of its document; locked."""
    version = select(PolicyVersion.change).where(
        PolicyVersion.policy_id == policy_id, PolicyVersion.change["no"].astext == document_no
    )
    named = ((await tx.scalar(version.limit(1))) or {}).get("application_id")
    if named is None:
        return None
    statement = select(Application).where(Application.id == UUID(named), Application.status == "effective")
    return await tx.scalar(statement.with_for_update())


async def not_received(tx: Transaction, policy_id: UUID) -> list[str]:
    """Items of a policy without their receipt: `item:document_no`."""
    statement = select(Delivery).where(Delivery.policy_id == policy_id, Delivery.status != "received")
    rows = await tx.scalars(statement.order_by(Delivery.item, Delivery.document_no))
    return [f"{row.item}:{row.document_no}" for row in rows]


async def has_attachment(tx: Transaction, policy_id: UUID, attachment_id: UUID) -> bool:
    """Whether the policy has this file."""
    files = attachments.c
    found = select(files.id).where(files.id == attachment_id, files.record_id == policy_id)
    return await tx.scalar(found) is not None


def _not_opened(policy_id: Any, item: Any, document_no: Any) -> Any:
    row = Delivery
    return ~exists(select(row.id).where(row.policy_id == policy_id, row.item == item, row.document_no == document_no))


async def owed(tx: Transaction, limit: int) -> Sequence[Owed]:
    """Items of policies whose business is done here that nobody has opened a delivery for, the oldest first.

    What was imported was delivered by whoever issued it.
    """
    policy, version, order = Policy, PolicyVersion, PaymentOrder
    ours = or_(policy.made_here, policy.application_id.is_not(None))
    no = version.change["no"].astext
    first = version.number == 1
    issued = select(
        policy.id, literal(str(Item.POLICY)).label("item"), policy.policy_no.label("document_no"),
        version.made_at.label("at"),
    ).join(version, version.policy_id == policy.id).where(
        ours, first, _not_opened(policy.id, str(Item.POLICY), policy.policy_no)
    )  # fmt: skip
    endorsed = select(policy.id, literal(str(Item.ENDORSEMENT)), no, version.made_at).join(
        version, version.policy_id == policy.id
    ).where(ours, ~first, _not_opened(policy.id, str(Item.ENDORSEMENT), no))  # fmt: skip
    number = func.coalesce(order.reference, func.cast(order.id, order.policy_no.type))
    paid = [
        select(order.policy_id, literal(str(item)), number, order.paid_at).join(
            policy, policy.id == order.policy_id
        ).where(ours, order.status == "paid", order.direction == way, _not_opened(order.policy_id, str(item), number))
        for item, way in ((Item.RECEIPT, "in"), (Item.INVOICE, "in"), (Item.REFUND, "out"))
    ]  # fmt: skip
    every = union_all(issued, endorsed, *paid).subquery()
    rows = await tx.execute(select(every).order_by(every.c.at, every.c.item).limit(limit))
    return [Owed(policy_id, item, document_no, legal_day(at)) for policy_id, item, document_no, at in rows]


async def overdue(tx: Transaction, limit: int) -> Sequence[tuple[UUID, date]]:
    """Deliveries that are not received after their day, once each."""
    late = select(Delivery.id, Delivery.due_on).where(
        Delivery.status != "received", Delivery.due_on < legal_day(tx.now),
        unclaimed("delivery_overdue", Delivery.id, Delivery.due_on),
    )  # fmt: skip
    rows = await tx.execute(late.order_by(Delivery.due_on, Delivery.id).limit(limit))
    return [(one, day) for one, day in rows]


async def unopened(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Electronic documents that nobody has opened and that count as received by now."""
    days = int((await figures(tx))["electronic_days"])
    waiting = select(Delivery.id).where(
        Delivery.status.in_(("sent", "resent")), Delivery.method == str(Method.ELECTRONIC),
        Delivery.sent_at <= tx.now - timedelta(days=days),
    )  # fmt: skip
    return await tx.scalars(waiting.order_by(Delivery.sent_at, Delivery.id).limit(limit))
