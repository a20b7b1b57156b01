"""Who is left alone now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from services.crm.cool_down.rules import Ask, LeftAlone, left_alone
from services.crm.cool_down.tables import CustomerAsk
from shared.database import Transaction
from shared.rule_sets import in_force


async def resting(tx: Transaction, customer_ids: Sequence[UUID]) -> dict[UUID, LeftAlone]:
    """Of these customers those who are left alone now, in the scope of the transaction."""
    days = (await in_force(tx, "sampling")).content["cool_down"]["days"]
    asks: dict[UUID, list[Ask]] = {}
    recent = select(CustomerAsk).where(
        CustomerAsk.customer_id.in_(customer_ids), CustomerAsk.asked_at > tx.now - timedelta(days=days)
    )
    for row in await tx.scalars(recent):
        asks.setdefault(row.customer_id, []).append(Ask(row.kind, row.about_id, row.asked_at))
    found = {customer: left_alone(each, tx.now, days) for customer, each in asks.items()}
    return {customer: one for customer, one in found.items() if one is not None}
