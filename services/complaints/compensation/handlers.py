"""Proposing a compensation, taking the steps of its chain, and recording that it was paid."""

from __future__ import annotations

from uuid import UUID

from services.complaints.compensation import queries, rules
from services.complaints.compensation.schemas import Approve, CompensationOut, Propose, RecordPayment, StepOut
from services.complaints.compensation.tables import Compensation, CompensationStep
from services.complaints.complaint.handlers import for_act, happened
from services.complaints.complaint.shapes import state
from services.complaints.complaint.tables import Complaint
from shared.actor import Actor
from shared.approval_chain import Standing
from shared.database import Database, Transaction
from shared.errors import Fault, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.money import yuan
from shared.work_items import close_items, open_item

_ITEM = "approve_compensation"


async def propose(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: Propose
) -> Answer:
    """Put an amount before the chain of the owning branch."""
    async with db.transaction(actor, key) as tx:
        complaint = (await for_act(tx, complaint_id, version)).complaint
        rules.propose(complaint.state, command.amount, complaint.compensation_status)
        row = Compensation(
            id=uuid7(), created_at=tx.now, complaint_id=complaint.id, org_path=complaint.org_path,
            amount=command.amount, reason=command.reason, status=str(rules.CompensationStatus.PROPOSED),
            line=complaint.line or rules.DEFAULT_LINE, proposed_by=actor.person_id, proposed_for=actor.on_behalf_of,
        )  # fmt: skip
        tx.add(row)
        complaint.compensation_amount, complaint.compensation_status = row.amount, row.status
        await tx.flush()
        await _tell_open_step(tx, complaint, row, (await queries.basis_of(tx, complaint, row)).standing())
        after = {"compensation": row.status, "amount": yuan(row.amount)}
        tx.note("propose_compensation", complaint, after=after)
        return tx.answer(_out(row, complaint), location=_href(complaint, row), version=complaint.version)


def _href(complaint: Complaint, row: Compensation) -> str:
    return f"/v1/complaints/{complaint.id}/compensations/{row.id}/approval"


def _out(row: Compensation, complaint: Complaint) -> CompensationOut:
    return CompensationOut(
        id=row.id, created_at=row.created_at, amount=row.amount, status=row.status, paid_at=row.paid_at,
        complaint=state(complaint),
    )  # fmt: skip


async def _tell_open_step(tx: Transaction, complaint: Complaint, row: Compensation, now: Standing) -> None:
    await close_items(tx, complaint.id, _ITEM)
    if now.open is None or row.status != rules.CompensationStatus.PROPOSED:
        return
    for position in now.missing():
        await open_item(
            tx, _ITEM, complaint, Text("审批投诉补偿", "Decide on the compensation"), number=complaint.complaint_no,
            unit_code=now.open.unit.code, position=position, due_at=complaint.due_at,
            href=_href(complaint, row) + "s",
        )  # fmt: skip


async def take_step(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, compensation_id: UUID, version: int | None,
    command: Approve,
) -> Answer:  # fmt: skip
    """Take the open step of the chain; the last one decides."""
    async with db.transaction(actor, key) as tx:
        complaint = (await for_act(tx, complaint_id, version)).complaint
        row = await queries.one_of(tx, complaint, compensation_id)
        basis = await queries.basis_of(tx, complaint, row)
        given = rules.Given(command.kind, command.amount, command.outcome, command.reason, command.reason_code)
        taken, before = rules.take(actor, basis, given), row.status
        step = _step(tx, row, basis, taken, command)
        tx.add(step)
        row.status = complaint.compensation_status = str(taken.status)
        if taken.status is not rules.CompensationStatus.PROPOSED:
            row.decided_at = tx.now
        await tx.flush()
        await _tell_open_step(tx, complaint, row, (await queries.basis_of(tx, complaint, row)).standing())
        after = {
            "compensation": row.status, "compensation_id": str(row.id), "step": step.step, "kind": step.kind,
            "outcome": step.outcome, "amount": yuan(step.amount), "reason_code": step.reason_code,
        }  # fmt: skip
        tx.note("decide_compensation", complaint, before={"compensation": before}, after=after)
        out = StepOut(
            id=step.id, created_at=step.created_at, step=step.step, kind=step.kind, outcome=step.outcome,
            status=row.status, missing=list(taken.missing), complaint=state(complaint),
        )  # fmt: skip
        return tx.answer(out, location=_href(complaint, row), version=complaint.version)


def _step(
    tx: Transaction, row: Compensation, basis: rules.Basis, taken: rules.Taken, command: Approve
) -> CompensationStep:
    actor = tx.actor
    return CompensationStep(
        id=uuid7(), created_at=tx.now, org_path=row.org_path, compensation_id=row.id, step=taken.act.step,
        kind=taken.act.kind, outcome=taken.act.outcome, position=taken.act.position, unit_code=taken.step.unit.code,
        level=taken.step.level, person_id=actor.person_id, staff_no=actor.staff_no, on_behalf_of=actor.on_behalf_of,
        amount=basis.amount, reason=command.reason, reason_code=command.reason_code, table_version=basis.table.version,
    )  # fmt: skip


async def record_payment(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, compensation_id: UUID, version: int | None,
    command: RecordPayment,
) -> Answer:  # fmt: skip
    """What finance confirmed: when it was paid and under which number; by nobody who approved it."""
    async with db.transaction(actor, key) as tx:
        complaint = (await for_act(tx, complaint_id, version)).complaint
        row = await queries.one_of(tx, complaint, compensation_id)
        acts = queries.acts_of(await queries.steps_of(tx, row))
        status = rules.pay(rules.CompensationStatus(row.status), actor, acts)
        paid_at = happened(tx, command.paid_at, "#/paid_at")
        if row.decided_at is None or paid_at < row.decided_at.replace(microsecond=0):
            text = Text("支付早于审批。", "It was not paid before it was approved.")
            raise ValidationFailed(Fault("paid_before_approval", text, pointer="#/paid_at"))
        row.status = complaint.compensation_status = str(status)
        row.paid_at, row.payment_reference = paid_at, command.reference
        after = {"compensation": row.status, "amount": yuan(row.amount), "paid_at": str(paid_at)}
        tx.note("pay_compensation", complaint, before={"compensation": "approved"}, after=after)
        return tx.answer(_out(row, complaint), location=_href(complaint, row), version=complaint.version)
