"""Checking who complains, and giving the complaint to an officer who may handle it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from services.complaints.assignment import queries, rules
from services.complaints.assignment.schemas import Assign, CheckIdentity
from services.complaints.complaint.handlers import for_act, happened, record
from services.complaints.complaint.queries import ComplaintFacts, keep_out
from services.complaints.complaint.rules import ComplaintStatus, check_papers_asked
from services.complaints.complaint.tables import Complaint
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.rule_sets import in_force
from shared.ticks import Tick, claim, one_by_one, unclaimed
from shared.work_items import close_items, open_item


async def check_identity(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: CheckIdentity
) -> Answer:
    """Record whose complaint it is; nothing is asked for that the company has."""
    async with db.transaction(actor, key) as tx:
        complaint = (await for_act(tx, complaint_id, version)).complaint
        check_papers_asked(command.papers, (await in_force(tx, "registration")).content["papers_held"])
        before, at = complaint.status, happened(tx, command.checked_at, "#/checked_at")
        complaint.advance(ComplaintStatus.IDENTITY_CHECKED)
        return await record(tx, complaint, "check_identity", {"result": command.result}, before=before, at=at)


async def assign(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: Assign
) -> Answer:
    """Give the complaint to the officer named, or to the eligible one with the least open work."""
    async with db.transaction(actor, key) as tx:
        facts = await for_act(tx, complaint_id, version)
        complaint, before = facts.complaint, facts.complaint.status
        rules.refuse_assigning(complaint.state)
        officers = await queries.candidates(tx, facts)
        if command.officer_person_id is None:
            chosen = rules.choose(officers)
        else:
            chosen = rules.appoint(officers, command.officer_person_id, facts.grounds)
        told = {"officer": {"person_id": str(chosen.person_id), "staff_no": chosen.staff_no}}
        if complaint.officer_person_id is not None:
            rules.refuse_unexplained(command.reason)
            told |= {"before": {"person_id": str(complaint.officer_person_id)}, "reason": command.reason}
        await _hand_over(tx, complaint, chosen)
        return await record(tx, complaint, "assign", told, before=before, reason=command.reason)


async def _hand_over(tx: Transaction, complaint: Complaint, chosen: rules.Candidate) -> None:
    if complaint.state not in rules.IN_WORK:
        complaint.advance(ComplaintStatus.ASSIGNED)
    complaint.officer_person_id = chosen.person_id
    await close_items(tx, complaint.id, "assign_officer", "handle_complaint")
    await open_item(
        tx, "handle_complaint", complaint, Text("处理并答复投诉", "Handle and answer the complaint"),
        number=complaint.complaint_no, unit_code=chosen.unit_code, person_id=chosen.person_id,
        due_at=complaint.due_at, basis=complaint.deadline["basis"],
        href=f"/v1/complaints/{complaint.id}/investigations",
    )  # fmt: skip


async def take_back(tx: Transaction, complaint: Complaint) -> None:
    """The officer has to stay out from now on: the complaint waits for another one, and his task is closed."""
    complaint.officer_person_id = None
    await close_items(tx, complaint.id, "handle_complaint", "complaint_due_soon")
    await open_item(
        tx, "assign_officer", complaint, Text("原专员须回避，另行指派", "The officer must stay out: assign another"),
        number=complaint.complaint_no, unit_code=complaint.owner_path.rpartition(".")[2],
        position="complaint_officer", due_at=complaint.due_at, basis=complaint.deadline["basis"],
        href=f"/v1/complaints/{complaint.id}/assignments",
    )  # fmt: skip


async def _unassigned(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Whose identity is clear and whom nobody gave to an officer within the hours that the company allows itself."""
    hours = (await in_force(tx, "watch")).content["assign_after_hours"]
    statement = select(Complaint.id).where(
        Complaint.officer_person_id.is_(None), Complaint.updated_at <= tx.now - timedelta(hours=hours),
        Complaint.status.in_([str(one) for one in rules.WAITING_FOR_OFFICER]),
    )  # fmt: skip
    return await tx.scalars(statement.order_by(Complaint.due_at, Complaint.id).limit(limit))


async def _assign_by_itself(tx: Transaction, complaint_id: UUID) -> None:
    """To the eligible officer with the least open work; where there is none the item at the branch stays open."""
    complaint = await tx.scalar(select(Complaint).where(Complaint.id == complaint_id).with_for_update())
    if complaint is None or complaint.officer_person_id is not None:
        return
    facts = ComplaintFacts(complaint, await keep_out(tx, complaint), tx.now)
    chosen, before = rules.choose(await queries.candidates(tx, facts)), complaint.status
    complaint.version += 1
    complaint.updated_at = tx.now
    await _hand_over(tx, complaint, chosen)
    tx.note("assign", complaint, before={"status": before}, after={"status": complaint.status, "automatic": True})


async def _to_look_at(tx: Transaction, limit: int) -> Sequence[UUID]:
    today = legal_day(tx.now)
    open_ones = Complaint.status.not_in([str(one) for one in rules.ENDED])
    statement = select(Complaint.id).where(open_ones, unclaimed("complaint_recusal", Complaint.id, today))
    return await tx.scalars(statement.order_by(Complaint.id).limit(limit))


async def _look_again(tx: Transaction, complaint_id: UUID) -> None:
    """Once a day: who became a line manager, or took a duty, stays out too; an officer who did gives it back."""
    if not await claim(tx, "complaint_recusal", complaint_id, legal_day(tx.now)):
        return
    complaint = await tx.scalar(select(Complaint).where(Complaint.id == complaint_id).with_for_update())
    if complaint is None:
        return
    known = len(complaint.kept_out)
    grounds = await keep_out(tx, complaint)
    if complaint.officer_person_id in grounds:
        await take_back(tx, complaint)
    if len(complaint.kept_out) > known:
        tx.note("keep_out", complaint, after={"kept_out": len(complaint.kept_out)})


AUTOMATIC = Tick("complaint_assignments", timedelta(minutes=5), one_by_one(_unassigned, _assign_by_itself))
RECUSALS = Tick("complaint_recusals", timedelta(minutes=10), one_by_one(_to_look_at, _look_again))
TICKS = (AUTOMATIC, RECUSALS)


async def hand_over(tx: Transaction, complaint_id: UUID, officer_id: UUID) -> None:
    """The work was given to another officer: from now on the complaint is his."""
    complaint = await tx.find_for_change(Complaint, complaint_id, None)
    complaint.officer_person_id = officer_id
