"""Keep that a customer was asked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.crm.cool_down.tables import CustomerAsk
from services.crm.customer.tables import Customer
from shared.database import Transaction
from shared.ids import uuid7


async def was_asked(tx: Transaction, customer: Customer, kind: str, about_id: UUID, at: datetime) -> None:
    """From now on he is left alone for a while; said twice it counts once."""
    row = {
        "id": uuid7(), "org_path": customer.org_path, "created_at": tx.now, "customer_id": customer.id, "kind": kind,
        "about_id": about_id, "asked_at": at,
    }  # fmt: skip
    await tx.execute(insert(CustomerAsk).values(**row).on_conflict_do_nothing())
