"""Plan visits of one kind for many records: a result for each line, whoever is left alone with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select

from services.crm.batch import rules
from services.crm.batch.rules import Outcome
from services.crm.batch.schemas import BatchItem, BatchOut, BatchResult, PlanBatch
from services.crm.batch.tables import VisitBatch
from services.crm.cool_down import queries as cool_down
from services.crm.customer.tables import Customer
from services.crm.planning.handlers import plan_extra
from services.crm.reference.tables import RecordReference
from services.crm.visit import queries as visits
from services.crm.visit.rules import VisitKind
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7


async def plan_batch(db: Database, actor: Actor, key: RequestKey, command: PlanBatch) -> Answer:
    """Plan what can be planned; a line that cannot says why, and holds up no other."""
    async with db.transaction(actor, key) as tx:
        rules.refuse_past(command.due_on, visits.today(tx))
        batch = VisitBatch(
            id=uuid7(), version=1, org_path=actor.scope, kind=command.kind, reason=command.reason,
            due_on=command.due_on, planned=0, left_out=0, person_id=actor.person_id,
        )  # fmt: skip
        tx.add(batch)
        await tx.flush()
        owners = await _owners(tx, command.kind, command.items)
        results = [await _line(tx, batch, one, owners.get(one.about_id), command.due_on) for one in command.items]
        batch.planned = sum(one.outcome == Outcome.PLANNED for one in results)
        batch.left_out = len(results) - batch.planned
        after = {"kind": batch.kind, "planned": batch.planned, "left_out": batch.left_out}
        tx.note("plan", batch, after=after, reason=command.reason)
        out = BatchOut(
            id=batch.id, created_at=tx.now, kind=batch.kind, due_on=batch.due_on, planned=batch.planned,
            left_out=batch.left_out, results=results,
        )  # fmt: skip
        return tx.answer(out)


async def _owners(tx: Transaction, kind: str, items: Sequence[BatchItem]) -> dict[UUID, Customer]:
    """The customers of these records, as far as they lie in the caller's scope and are of the right kind."""
    mine = select(RecordReference.record_id, Customer).join(Customer, Customer.id == RecordReference.customer_id)
    wanted = RecordReference.record_id.in_([one.about_id for one in items])
    rows = await tx.execute(mine.where(wanted, RecordReference.kind == rules.ABOUT[kind]))
    return {record_id: customer for record_id, customer in rows}


async def _line(
    tx: Transaction, batch: VisitBatch, item: BatchItem, customer: Customer | None, due_on: date
) -> BatchResult:
    if customer is None:
        return BatchResult(ref=item.ref, outcome=str(Outcome.NOT_FOUND))
    # asked line by line: two lines of one batch may be of the same customer
    resting = (await cool_down.resting(tx, [customer.id])).get(customer.id)
    if resting is not None:
        return BatchResult(ref=item.ref, outcome=str(Outcome.LEFT_ALONE), left_alone=resting.shown())
    about = (rules.ABOUT[batch.kind], item.about_id)
    visit = await plan_extra(tx, VisitKind(batch.kind), about, customer, due_on, batch.id)
    if visit is None:
        return BatchResult(ref=item.ref, outcome=str(Outcome.ALREADY_PLANNED))
    return BatchResult(ref=item.ref, outcome=str(Outcome.PLANNED), return_visit_id=visit.id)
