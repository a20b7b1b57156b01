"""What the core system said before, and a customer's row locked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.crm.customer.tables import Customer, CustomerVersion
from shared.database import Transaction


async def locked(tx: Transaction, customer_id: UUID) -> Customer | None:
    return await tx.scalar(select(Customer).where(Customer.id == customer_id).with_for_update())


async def versions_of(tx: Transaction, customer_id: UUID) -> Mapping[int, Mapping[str, Any]]:
    """The content of every stored version by its number."""
    statement = select(CustomerVersion.core_version, CustomerVersion.content)
    rows = await tx.execute(statement.where(CustomerVersion.customer_id == customer_id))
    return {number: content for number, content in rows}
