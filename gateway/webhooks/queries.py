"""Named reads of webhooks and deliveries, and what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import aliased

from gateway.organisation.tables import UnitRow
from gateway.webhooks.rules import WebhookStatus
from gateway.webhooks.tables import Delivery, Webhook
from shared.database import Transaction
from shared.errors import NotFound
from shared.pagination import Filter, Listing

WEBHOOKS = Listing(model=Webhook, filters={"status": Filter(Webhook.status)})
DELIVERIES = Listing(
    model=Delivery,
    filters={
        "status": Filter(Delivery.status),
        "type": Filter(Delivery.type),
        "event_id": Filter(Delivery.event_id, UUID),
        "record_id": Filter(Delivery.record_id, UUID),
    },
)


async def unit_exists(tx: Transaction, org_path: str) -> bool:
    """Whether a unit lies there, within the caller's scope."""
    return await tx.scalar(select(UnitRow.id).where(UnitRow.org_path == org_path)) is not None


def deliveries_of(webhook_id: UUID) -> Select[Any]:
    """The log of one webhook."""
    return select(Delivery).where(Delivery.webhook_id == webhook_id)


async def delivery_for_change(tx: Transaction, webhook_id: UUID, delivery_id: UUID) -> Delivery:
    """The delivery with its row locked. Raises `NotFound`."""
    mine = select(Delivery).where(Delivery.id == delivery_id, Delivery.webhook_id == webhook_id)
    found = await tx.scalar(mine.with_for_update())
    if found is None:
        raise NotFound()
    return found


async def active_ids(tx: Transaction) -> Sequence[UUID]:
    """Every webhook that wants events."""
    return await tx.scalars(select(Webhook.id).where(Webhook.status == WebhookStatus.ACTIVE).order_by(Webhook.id))


async def waiting(tx: Transaction, webhook_id: UUID, most: int) -> int:
    """How many deliveries wait, counted up to `most`."""
    rows = select(Delivery.id).where(Delivery.webhook_id == webhook_id, Delivery.status == "pending").limit(most)
    return await tx.scalar(select(func.count()).select_from(rows.subquery())) or 0


def _in_turn() -> Any:
    """No older event of the same record waits for the same webhook."""
    older = aliased(Delivery)
    before = select(older.id).where(
        older.webhook_id == Delivery.webhook_id, older.record_id == Delivery.record_id, older.status == "pending",
        older.position < Delivery.position,
    )  # fmt: skip
    return ~exists(before)


async def with_due(tx: Transaction, now: datetime) -> Sequence[UUID]:
    """Active webhooks that have something to send now."""
    due = select(Delivery.webhook_id).where(Delivery.status == "pending", Delivery.next_at <= now, _in_turn())
    wanted = select(Webhook.id).where(Webhook.status == WebhookStatus.ACTIVE, Webhook.id.in_(due))
    return await tx.scalars(wanted.order_by(Webhook.id))


async def due_of(tx: Transaction, webhook_id: UUID, now: datetime, limit: int) -> Sequence[Delivery]:
    """What this webhook is to be sent now: at most one event of each record, the oldest first."""
    statement = select(Delivery).where(
        Delivery.webhook_id == webhook_id, Delivery.status == "pending", Delivery.next_at <= now, _in_turn()
    )  # fmt: skip
    return await tx.scalars(statement.order_by(Delivery.position).limit(limit))
