"""What crm tells: who customers are, and which records are one person."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from services.policy.application.tables import Application
from services.policy.mark.handlers import find
from services.policy.policy.tables import CustomerReference, Policy
from shared.database import Transaction
from shared.events import Consumer, Received, consumes
from shared.together import in_turn


class CustomerTold(BaseModel):
    customer_id: UUID
    core_no: str | None = None
    unit_code: str | None = None


class MergedTold(BaseModel):
    kept_id: UUID
    merged_id: UUID


class FindingTold(BaseModel):
    finding_id: UUID
    area: str
    about_kind: str
    about: UUID


async def _know_customer(tx: Transaction, event: Received[CustomerTold]) -> None:
    row = event.data.model_dump() | {"merged_into": None, "record_version": event.record_version}
    statement = insert(CustomerReference).values(**row)
    told = {name: statement.excluded[name] for name in ("core_no", "unit_code", "record_version")}
    newer = CustomerReference.record_version < statement.excluded.record_version
    await tx.execute(statement.on_conflict_do_update(index_elements=["customer_id"], set_=told, where=newer))


@consumes("crm.customer.registered.v1", together=in_turn)
async def customer_registered(tx: Transaction, event: Received[CustomerTold]) -> None:
    await _know_customer(tx, event)


@consumes("crm.customer.changed.v1", together=in_turn)
async def customer_changed(tx: Transaction, event: Received[CustomerTold]) -> None:
    await _know_customer(tx, event)


@consumes("crm.customer.merged.v1")
async def customer_merged(tx: Transaction, event: Received[MergedTold]) -> None:
    """References follow to the record that was kept."""
    kept, merged = event.data.kept_id, event.data.merged_id
    known = insert(CustomerReference).values(customer_id=merged, merged_into=kept, record_version=0)
    await tx.execute(known.on_conflict_do_update(index_elements=["customer_id"], set_={"merged_into": kept}))
    await tx.execute(update(Policy).where(Policy.customer_id == merged).values(customer_id=kept))
    await tx.execute(update(Application).where(Application.customer_id == merged).values(customer_id=kept))


@consumes("crm.finding.raised.v1")
async def finding_raised(tx: Transaction, event: Received[FindingTold]) -> None:
    """A customer of a policy said something that has to be put right here: a mark, and work for its unit."""
    told = event.data
    if told.about_kind == "policy":
        await find(tx, told.finding_id, told.about, told.area, event.time, event.record_version)


CONSUMERS: tuple[Consumer, ...] = (customer_registered, customer_changed, customer_merged, finding_raised)
