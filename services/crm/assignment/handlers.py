"""Give a customer to another unit, team or manager; his records, open work and whoever has a task go with him."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update

from services.crm.customer import queries, rules, shapes
from services.crm.customer.handlers import begin_serving, check_change, tell, told_of
from services.crm.customer.queries import CustomerFacts
from services.crm.customer.schemas import AssignCustomer, AssignmentFactOut
from services.crm.customer.tables import Customer, CustomerAssignment
from services.crm.visit.tables import Finding, ReturnVisit
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.idempotency import Answer, RequestKey
from shared.open_tasks import task_grants
from shared.work_items import work_items


async def assign(
    tx: Transaction, customer: Customer, unit_code: str, path: str, team_code: str | None, staff_no: str | None,
    manager_id: UUID | None, *, source: str, reason: str | None = None,
) -> CustomerAssignment | None:  # fmt: skip
    """Who serves the customer from now on; who did before is kept. None where nothing changes."""
    stated = (unit_code, team_code, staff_no, manager_id, path)
    held = (customer.unit_code, customer.team_code, customer.manager_staff_no, customer.manager_id, customer.org_path)
    open_one = select(CustomerAssignment).where(
        CustomerAssignment.customer_id == customer.id, CustomerAssignment.to_at.is_(None)
    )
    current = await tx.scalar(open_one)
    if current is not None and stated == held:
        return None
    if current is not None:
        current.to_at = tx.now
        await tx.flush()
    unit_before = customer.unit_code
    customer.unit_code, customer.team_code = unit_code, team_code
    customer.manager_staff_no, customer.manager_id = staff_no, manager_id
    if customer.org_path != path:
        await _move(tx, customer, path, unit_before)
    return begin_serving(tx, customer, source, reason)


async def _move(tx: Transaction, customer: Customer, path: str, unit_before: str) -> None:
    # The new unit may lie outside the caller's scope; the rules have allowed it.
    await tx.use_scope("00")
    customer.org_path = path
    await tx.flush()
    records = select(ReturnVisit.id).where(ReturnVisit.customer_id == customer.id)
    records = records.union_all(select(Finding.id).where(Finding.customer_id == customer.id))
    ids = [customer.id, *await tx.scalars(records)]
    grants, items = task_grants.c, work_items.c
    granted = update(task_grants).where(grants.record_id.in_(ids), grants.closed_at.is_(None))
    await tx.execute(granted.values(record_path=path))
    moved = update(work_items).where(items.record_id.in_(ids), items.closed_at.is_(None))
    await tx.execute(moved.where(items.unit_code == unit_before).values(unit_code=customer.unit_code))
    await tx.execute(moved.values(org_path=path))


async def follow_unit(tx: Transaction, unit_code: str) -> int:
    """Bring the customers that named a unit before it was known here to where it lies; how many moved. Their records
    and open work go with them. Those that lie at a unit which moves follow it as every record does.
    """
    unit = await directory.unit_by_code(tx, unit_code)
    if unit is None:
        return 0
    elsewhere = (Customer.unit_code == unit_code) & Customer.unit_pending
    moved = update(Customer).where(elsewhere).values(org_path=unit.path, unit_pending=False).returning(Customer.id)
    count = len(list(await tx.scalars(moved)))
    served = select(Customer.id).where(Customer.unit_code == unit_code)
    visits = select(ReturnVisit.id).where(ReturnVisit.customer_id.in_(served))
    findings = select(Finding.id).where(Finding.customer_id.in_(served))
    for concerned in (served, visits, findings) if count else ():
        items, grants = work_items.c, task_grants.c
        still_open = update(work_items).where(items.record_id.in_(concerned), items.closed_at.is_(None))
        await tx.execute(still_open.values(org_path=unit.path))
        granted = update(task_grants).where(grants.record_id.in_(concerned), grants.closed_at.is_(None))
        await tx.execute(granted.values(record_path=unit.path))
    return count


async def assign_customer(
    db: Database, actor: Actor, key: RequestKey, customer_id: UUID, version: int | None, command: AssignCustomer
) -> Answer:
    """Give the customer to another unit, team or manager within the caller's scope; the old assignment ends."""
    async with db.transaction(actor, key) as tx:
        customer = await tx.find_for_change(Customer, customer_id, version)
        check_change(actor, await queries.facts_of(tx, customer))
        allowed = await queries.allowed_to_serve(
            tx, command.unit_code, command.team_code, command.manager_staff_no, customer.area_code
        )
        before, told = shapes.serving(customer), told_of(customer)
        row = await assign(
            tx, customer, command.unit_code, allowed.path, command.team_code, command.manager_staff_no,
            allowed.manager_id, source="here", reason=command.reason,
        )  # fmt: skip
        if row is None:
            raise rules.AssignmentUnchanged()
        customer.unit_pending = False
        tell(tx, customer, told)
        tx.note("assign", customer, before=before, after=shapes.serving(customer), reason=command.reason)
        out = AssignmentFactOut(
            id=row.id, created_at=tx.now, unit_code=row.unit_code, customer=shapes.state_of(customer)
        )
        return tx.answer(out, location=f"/v1/customers/{customer.id}", version=customer.version)


ACTIONS: tuple[Action[CustomerFacts], ...] = (
    Action("assign", "POST", "/v1/customers/{id}/assignments", "crm.customer.assign", check_change),
)
