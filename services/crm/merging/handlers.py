"""Merge one customer's record into another: what happened to him follows, the old record names the new one."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update

from services.crm import events
from services.crm.customer import queries, shapes
from services.crm.customer.handlers import check_change
from services.crm.customer.queries import CustomerFacts
from services.crm.customer.tables import Customer
from services.crm.merging import rules
from services.crm.merging.schemas import MergeCustomer, MergeFactOut
from services.crm.reference.tables import RecordReference
from services.crm.timeline.tables import TimelineEntry
from services.crm.visit.tables import Finding, ReturnVisit
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import NotFound, ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import work_items


async def merge(tx: Transaction, kept: Customer, merged: Customer, reason: str | None) -> None:
    """Both rows are locked and the rules were asked; the scope of the transaction holds both."""
    merged.merged_into = kept.id
    await tx.flush()
    visits = list(await tx.scalars(select(ReturnVisit.id).where(ReturnVisit.customer_id == merged.id)))
    findings = list(await tx.scalars(select(Finding.id).where(Finding.customer_id == merged.id)))
    for table in (TimelineEntry, ReturnVisit, Finding, RecordReference):
        await tx.execute(update(table).where(table.customer_id == merged.id).values(customer_id=kept.id))
    items = work_items.c
    moved = update(work_items).where(items.record_id.in_([*visits, *findings]), items.closed_at.is_(None))
    await tx.execute(moved.values(org_path=kept.org_path))
    await tx.execute(moved.where(items.unit_code == merged.unit_code).values(unit_code=kept.unit_code))
    tx.publish(events.CustomerMerged(kept_id=kept.id, merged_id=merged.id), merged)
    tx.note("merge", merged, after={"merged_into": str(kept.id)}, reason=reason)


async def merge_customer(
    db: Database, actor: Actor, key: RequestKey, kept_id: UUID, version: int | None, command: MergeCustomer
) -> Answer:
    """Merge another record that the caller sees into this one."""
    async with db.transaction(actor, key) as tx:
        rules.refuse_same(kept_id, command.merged_id)
        # The lower id first, so that two merges the other way round wait instead of blocking each other.
        await tx.execute(
            select(Customer.id)
            .where(Customer.id.in_([kept_id, command.merged_id]))
            .order_by(Customer.id)
            .with_for_update()
        )
        kept = await tx.find_for_change(Customer, kept_id, version)
        check_change(actor, await queries.facts_of(tx, kept))
        merged = await _other(tx, command.merged_id)
        rules.may_merge(kept.id, kept.merged_into, merged.id, merged.merged_into)
        await merge(tx, kept, merged, command.reason)
        out = MergeFactOut(id=uuid7(), created_at=tx.now, merged_id=merged.id, customer=shapes.state_of(kept))
        return tx.answer(out, location=f"/v1/customers/{kept.id}", version=kept.version)


async def _other(tx: Transaction, merged_id: UUID) -> Customer:
    try:
        return await tx.find_for_change(Customer, merged_id, None)
    except NotFound:
        raise ReferenceNotFound.at("#/merged_id") from None


ACTIONS: tuple[Action[CustomerFacts], ...] = (
    Action("merge", "POST", "/v1/customers/{id}/merges", "crm.customer.merge", check_change),
)
