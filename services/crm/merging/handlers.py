"""Merge one customer's record into another: what happened to him follows, the old record names the new one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Table, select, update
from sqlalchemy.exc import IntegrityError

from services.crm import events
from services.crm.customer import queries, shapes
from services.crm.customer.handlers import check_change
from services.crm.customer.queries import CustomerFacts
from services.crm.customer.tables import Customer
from services.crm.figure.handlers import tell_here
from services.crm.key_account.handlers import follow_merge
from services.crm.merging import rules
from services.crm.merging.schemas import MergeCustomer, MergeFactOut
from services.crm.reference.tables import Base
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import NotFound, ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import work_items

STAYS = frozenset({"customer_assignments", "customer_versions", "customer_freezes", "customer_copies"})
"""Who served the merged record, what the core said of it, who asked for its deletion or a copy: that was this record.
Whatever else names a customer follows to the one that is kept.
"""


ELSEWHERE = frozenset({"enquiries"})
"""Records that lie at a unit of their own, wherever their customer is served; so does the work about them."""


def following() -> list[Table]:
    """Every table of crm with a customer that follows a merge."""
    tables = Base.metadata.sorted_tables
    return [one for one in tables if "customer_id" in one.c and one.name not in STAYS]


async def merge(tx: Transaction, kept: Customer, merged: Customer, reason: str | None) -> None:
    """Both rows are locked and the rules were asked; the scope of the transaction holds both."""
    merged.merged_into = kept.id
    await tx.flush()
    moved: list[UUID] = []
    for table in following():
        followed = await _follow(tx, table, kept, merged)
        moved += [] if table.name in ELSEWHERE else followed
    items = work_items.c
    still_open = update(work_items).where(items.record_id.in_(moved), items.closed_at.is_(None))
    await tx.execute(still_open.values(org_path=kept.org_path))
    await tx.execute(still_open.where(items.unit_code == merged.unit_code).values(unit_code=kept.unit_code))
    kept.key_account_tier = kept.key_account_tier or merged.key_account_tier
    await follow_merge(tx, kept, merged)
    about = ("customer", merged.id, kept.org_path)
    await tell_here(tx, kept, "crm.customer.merged", about, merged_id=merged.id)
    tx.publish(events.CustomerMerged(kept_id=kept.id, merged_id=merged.id), merged)
    tx.note("merge", merged, after={"merged_into": str(kept.id)}, reason=reason)


async def _follow(tx: Transaction, table: Table, kept: Customer, merged: Customer) -> Sequence[UUID]:
    """The rows of one table that follow; one that the kept customer has already (one for each customer) stays behind
    with the merged record, where its history is read.
    """
    mine = update(table).where(table.c.customer_id == merged.id).values(customer_id=kept.id)
    if "id" not in table.c:
        await tx.execute(mine)
        return []
    try:
        async with tx.session.begin_nested():
            return list(await tx.scalars(mine.returning(table.c.id)))
    except IntegrityError:
        return await _one_by_one(tx, table, kept, merged)


async def _one_by_one(tx: Transaction, table: Table, kept: Customer, merged: Customer) -> Sequence[UUID]:
    moved = []
    for row_id in await tx.scalars(select(table.c.id).where(table.c.customer_id == merged.id)):
        try:
            async with tx.session.begin_nested():
                await tx.execute(update(table).where(table.c.id == row_id).values(customer_id=kept.id))
                moved.append(row_id)
        except IntegrityError:
            continue
    return moved


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
