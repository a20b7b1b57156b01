"""The list of all notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from services.crm.customer.tables import Customer
from services.crm.message.schemas import MessageToTell
from services.crm.reference.tables import NoticeSeen, RecordReference
from shared.database import Transaction
from shared.errors import NotFound
from shared.notices import BY_HAND, notices
from shared.pagination import Filter, Listing


def _of_customer(customer_id: str) -> Any:
    """Notices about himself, or about a record of his."""
    whose = UUID(customer_id)
    records = select(RecordReference.record_id).where(RecordReference.customer_id == whose)
    return or_(NoticeSeen.about_id == whose, NoticeSeen.about_id.in_(records))


MESSAGES = Listing(
    model=NoticeSeen,
    filters={
        "state": Filter(NoticeSeen.state),
        "about": Filter(NoticeSeen.about_id, UUID),
        "channel": Filter(NoticeSeen.channel),
        "service": Filter(NoticeSeen.service),
        "kind": Filter(NoticeSeen.kind),
        "created_at": Filter(NoticeSeen.created_at, datetime, ranged=True),
    },
    conditions={"customer_id": _of_customer},
)


async def owners(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, tuple[str, UUID | None]]:
    """Kind and customer of the records that notices are about, as far as they are known."""
    rows = await tx.scalars(select(RecordReference).where(RecordReference.record_id.in_(ids)))
    found: dict[UUID, tuple[str, UUID | None]] = {one.record_id: (one.kind, one.customer_id) for one in rows}
    for customer_id in await tx.scalars(select(Customer.id).where(Customer.id.in_(ids))):
        found[customer_id] = ("customer", customer_id)
    return found


async def own(tx: Transaction, notice_id: UUID) -> Mapping[str, Any]:
    """A notice of crm itself, its row locked. Raises `NotFound`."""
    mine = select(notices).where(notices.c.id == notice_id).with_for_update()
    row = (await tx.execute(mine)).mappings().one_or_none()
    if row is None:
        raise NotFound()
    return row


async def to_tell(tx: Transaction, notice_id: UUID) -> MessageToTell:
    """What is to be told. Raises `NotFound` for a notice of another service, and for one that no person tells."""
    row = await own(tx, notice_id)
    if row["channel"] not in BY_HAND:
        raise NotFound()
    _, customer_id = (await owners(tx, [row["record_id"]])).get(row["record_id"], ("unknown", None))
    return MessageToTell(
        id=row["id"], channel=row["channel"], state=row["state"], customer_id=customer_id, subject=row["subject"],
        text=row["body"],
    )  # fmt: skip
