"""Everything that crm holds about one customer, in the words of its own answers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select

from services.crm.customer import queries, shapes
from services.crm.customer.tables import Customer
from services.crm.reference.tables import Base
from services.crm.timeline import shapes as timeline
from services.crm.timeline.queries import entries_of
from services.crm.timeline.tables import TimelineEntry
from shared.clock import rfc3339
from shared.database import Transaction

_OWN = frozenset(
    {
        "customers", "customer_contacts", "customer_assignments", "customer_consents", "timeline_entries",
        "customer_versions", "customer_copies", "customer_notes", "record_references",
    }
)  # fmt: skip
"""Told in words of their own, or not the customer's: notes between colleagues, copies, technical references."""
_INTERNAL = ("org_path", "version", "person_id", "customer_id", "created_by", "updated_at")


async def document_of(tx: Transaction, customer: Customer) -> dict[str, Any]:
    """The copy: the data stated, contacts, who served, consents, what happened, and every further record of crm."""
    stated = (
        "core_no", "kind", "name", "id_type", "id_no", "phone", "email", "address", "area_code", "preferred_channel",
        "key_account_tier", "created_at",
    )  # fmt: skip
    contacts = await queries.contacts_of(tx, customer.id)
    assignments = await queries.assignments_of(tx, customer.id)
    consents = await queries.consents_of(tx, customer.id)
    happened = await tx.scalars(entries_of(customer.id).order_by(TimelineEntry.occurred_at, TimelineEntry.id))
    told: dict[str, Any] = {
        "made_at": rfc3339(tx.now),
        "customer": {name: _plain(getattr(customer, name)) for name in stated},
        "contacts": [{"name": one.name, "role": one.role, "phone": one.phone} for one in contacts],
        "served_by": [shapes.assignment(one).model_dump(mode="json", exclude_none=True) for one in assignments],
        "consents": [shapes.consent(one).model_dump(mode="json", exclude_none=True) for one in consents],
        "timeline": [
            one.model_dump(mode="json", exclude_none=True) for one in await timeline.entries(tx, list(happened))
        ],
    }
    for table in Base.metadata.sorted_tables:
        if "customer_id" in table.c and table.name not in _OWN:
            told[table.name] = await _rows(tx, table, customer.id)
    return told


async def _rows(tx: Transaction, table: Table, customer_id: UUID) -> list[dict[str, Any]]:
    columns = [one for one in table.c if one.name not in _INTERNAL and not one.name.endswith("_by")]
    order = table.c.created_at if "created_at" in table.c else columns[0]
    rows = await tx.execute(select(*columns).where(table.c.customer_id == customer_id).order_by(order))
    return [{name: _plain(value) for name, value in row.items() if value is not None} for row in rows.mappings()]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    return str(value) if isinstance(value, date | UUID | Decimal) else value
