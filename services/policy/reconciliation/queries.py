"""What the comparison needs of a policy, the open differences, and the ends of comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, func, literal, select

from services.policy.core.tables import ReconciliationItem
from services.policy.policy.rules import ItemKind
from services.policy.policy.tables import CustomerReference, LossRecord, Policy, PolicyVersion
from services.policy.product.tables import Product
from services.policy.reconciliation.rules import Stored
from services.policy.reconciliation.tables import ReconciliationLine, ReconciliationRun
from shared import directory
from shared.database import Transaction, path_range
from shared.directory import directory_units
from shared.jobs import jobs
from shared.kernel import kernel
from shared.money import ZERO
from shared.outbox import outbox
from shared.pagination import Filter, Listing

ITEMS = Listing(
    model=ReconciliationItem,
    filters={
        "policy_no": Filter(ReconciliationItem.policy_no),
        "kind": Filter(ReconciliationItem.kind),
        "owner": Filter(ReconciliationItem.owner),
        "status": Filter(ReconciliationItem.status),
        "created_at": Filter(ReconciliationItem.created_at, datetime, ranged=True),
    },
    search=(ReconciliationItem.policy_no,),
    sorts={"policy_no": ReconciliationItem.policy_no},
)


async def stored_versions(tx: Transaction, policy_id: UUID) -> list[Stored]:
    """Every version of a policy as the comparison looks at it, by number."""
    row = PolicyVersion
    wanted = select(row.number, row.created_at, row.status, row.ended_at, row.ends_at, row.premium)
    found = await tx.execute(wanted.where(row.policy_id == policy_id).order_by(row.number))
    return [Stored(*one) for one in found]


async def claims_paid(tx: Transaction, policy_id: UUID, until: datetime) -> Decimal:
    """What settled claims paid until an instant, in yuan."""
    row = LossRecord
    paid = select(func.sum(row.paid_amount)).where(
        row.policy_id == policy_id, row.settled_at < until, row.cancelled.is_(False)
    )
    return await tx.scalar(paid) or ZERO


async def open_items(tx: Transaction, policy_no: str) -> Sequence[ReconciliationItem]:
    """The open differences of a policy, locked."""
    item = ReconciliationItem
    statement = select(item).where(item.policy_no == policy_no, item.status == "open").order_by(item.id)
    return await tx.scalars(statement.with_for_update())


async def ended_runs(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Comparisons of which every line was carried out, or whose job was given up."""
    run = ReconciliationRun
    ended = select(jobs.c.id).where(
        jobs.c.payload["run_id"].astext == cast(run.id, String), jobs.c.expires_at.is_not(None)
    )
    waiting = select(run.id).where(run.status == "running", ended.exists())
    return await tx.scalars(waiting.order_by(run.created_at).limit(limit))


async def job_of(tx: Transaction, run_id: UUID) -> Any:
    """The job of a comparison."""
    return (await tx.execute(select(jobs).where(jobs.c.payload["run_id"].astext == str(run_id)))).mappings().one()


UNNAMED = 500


async def not_named(tx: Transaction, run: ReconciliationRun, until: datetime, after: str) -> Sequence[Policy]:
    """Policies known here by the end of the day that the core did not name, in pieces, by number."""
    line = ReconciliationLine
    named = select(line.policy_no).where(line.run_id == run.id, line.policy_no == Policy.policy_no)
    missing = select(Policy).where(
        path_range(Policy.org_path, run.org_path), Policy.created_at < until, Policy.policy_no > after, ~named.exists()
    )
    if run.changed_since is not None:
        missing = missing.where(Policy.updated_at >= run.changed_since)
    return await tx.scalars(missing.order_by(Policy.policy_no).limit(UNNAMED))


async def told_last(tx: Transaction, policy: Policy) -> Sequence[Any]:
    """The events that told the newest version of a policy: the version, and its list in parts."""
    of_version = outbox.c.event["data"]["policy_version"].astext == str(policy.policy_version)
    subjects = ("policy.policy.issued.v1", "policy.policy.endorsed.v1", "policy.insured.listed.v1")
    statement = select(outbox).where(outbox.c.record_id == policy.id, outbox.c.subject.in_(subjects), of_version)
    rows = (await tx.execute(statement.order_by(outbox.c.id))).all()
    version = [one for one in rows if one.subject != subjects[2]][-1:]
    parts = {one.event["data"]["part"]: one for one in rows if one.subject == subjects[2]}
    return [*version, *(parts[part] for part in sorted(parts))]


async def now_known(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Open items about a reference that is known by now."""
    item = ReconciliationItem
    people = kernel.tables["directory_persons"].c
    customer = item.cause == literal("customer:") + CustomerReference.core_no
    unit = item.cause == literal("unit:") + directory_units.c.code
    seller = item.cause == literal("seller:") + people.staff_no
    product = item.cause == literal("product:") + Product.code
    known = (
        select(Product.id).where(product).exists()
        | select(CustomerReference.customer_id).where(customer).exists()
        | select(directory_units.c.code).where(unit).exists()
        | select(people.person_id).where(seller).exists()
    )
    waiting = select(item.id).where(item.kind == str(ItemKind.PENDING_REFERENCE), item.status == "open", known)
    return await tx.scalars(waiting.order_by(item.created_at, item.id).limit(limit))


async def place_of(tx: Transaction, code: str) -> str | None:
    """The path of a unit, or None."""
    unit = await directory.unit_by_code(tx, code)
    return None if unit is None else unit.path
