"""Checking who complains, and giving the complaint to an officer who may handle it."""

from __future__ import annotations

from uuid import UUID

from services.complaints.assignment import queries, rules
from services.complaints.assignment.schemas import Assign, CheckIdentity
from services.complaints.complaint.handlers import for_act, happened, record
from services.complaints.complaint.rules import ComplaintStatus, check_papers_asked
from services.complaints.complaint.tables import Complaint
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.work_items import close_items, open_item


async def check_identity(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: CheckIdentity
) -> Answer:
    """Record whose complaint it is; nothing is asked for that the company has."""
    async with db.transaction(actor, key) as tx:
        complaint = (await for_act(tx, complaint_id, version)).complaint
        check_papers_asked(command.papers, rules.HELD_ALREADY)
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
        officers = await queries.candidates(tx, facts)
        if command.officer_person_id is None:
            chosen = rules.choose(officers)
        else:
            chosen = rules.appoint(officers, command.officer_person_id, facts.grounds)
        if complaint.officer_person_id is None:
            complaint.advance(ComplaintStatus.ASSIGNED)
        complaint.officer_person_id = chosen.person_id
        await close_items(tx, complaint.id, "assign_officer", "handle_complaint")
        await open_item(
            tx, "handle_complaint", complaint, Text("处理并答复投诉", "Handle and answer the complaint"),
            number=complaint.complaint_no, unit_code=chosen.unit_code, person_id=chosen.person_id,
            due_at=complaint.due_at, basis=complaint.deadline["basis"],
            href=f"/v1/complaints/{complaint.id}/investigations",
        )  # fmt: skip
        told = {"officer": {"person_id": str(chosen.person_id), "staff_no": chosen.staff_no}}
        return await record(tx, complaint, "assign", told, before=before, reason=command.reason)


async def hand_over(tx: Transaction, complaint_id: UUID, officer_id: UUID) -> None:
    """The work was given to another officer: from now on the complaint is his."""
    complaint = await tx.find_for_change(Complaint, complaint_id, None)
    complaint.officer_person_id = officer_id
