"""Deciding at the branch, telling the complainant, and ending early by withdrawal or merger."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from services.complaints import events
from services.complaints.assignment.handlers import take_back
from services.complaints.complaint.handlers import for_act, happened, record
from services.complaints.complaint.queries import files_of, keep_out
from services.complaints.complaint.rules import (
    ComplaintStatus,
    Decision,
    ReplyQuality,
    check_merge,
    check_quality,
    decide,
    refuse_recused,
)
from services.complaints.complaint.tables import Complaint
from services.complaints.decision.rules import (
    check_proof,
    refuse_before_decision,
    refuse_before_receipt,
    refuse_lead,
    refuse_undecided_compensation,
)
from services.complaints.decision.schemas import Decide, Merge, Notify, Withdraw
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.rule_sets import in_force
from shared.work_items import close_items, open_item


async def decide_complaint(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: Decide
) -> Answer:
    """Decide with findings, basis, reasons and remedies; at the branch or above, by nobody with an interest."""
    async with db.transaction(actor, key) as tx:
        facts = await for_act(tx, complaint_id, version)
        complaint, before = facts.complaint, facts.complaint.status
        refuse_undecided_compensation(complaint.compensation_status)
        given = Decision(command.findings, command.basis, command.reasons, command.remedies, command.outcome)
        complaint.status = str(decide(complaint.state, given, actor.level, actor.person_id, facts.grounds))
        check_quality(given, (await in_force(tx, "reply_quality")).parsed(ReplyQuality.from_content))
        complaint.outcome, complaint.decided_at = command.outcome, tx.now
        complaint.decided_by, complaint.decided_path = actor.person_id, actor.scope
        tx.publish(
            events.ComplaintDecided(
                complaint_id=complaint.id, claim_id=complaint.claim_id, policy_id=complaint.policy_id,
                outcome=command.outcome, compensation_amount=_granted(complaint),
            ),
            complaint,
        )  # fmt: skip
        await close_items(tx, complaint.id)
        if not complaint.lead:
            await open_item(
            tx, "notify_complainant", complaint, Text("告知投诉人处理结果", "Tell the complainant the result"),
            number=complaint.complaint_no, unit_code=actor.unit_code, person_id=actor.person_id,
            due_at=complaint.due_at, basis=complaint.deadline["basis"],
            href=f"/v1/complaints/{complaint.id}/notifications",
        )  # fmt: skip
        return await record(tx, complaint, "decide", command.model_dump(), before=before)


def _granted(complaint: Complaint) -> Decimal | None:
    return complaint.compensation_amount if complaint.compensation_status in ("approved", "paid") else None


async def tell(tx: Transaction, complaint: Complaint, at: datetime) -> None:
    """The complainant knows the decision from `at` on."""
    refuse_lead(complaint.lead)
    complaint.advance(ComplaintStatus.NOTIFIED)
    refuse_before_decision(at, complaint.decided_at)
    complaint.notified_at = at
    told = events.ComplaintNotified(complaint_id=complaint.id, customer_id=complaint.customer_id, notified_at=at)
    tx.publish(told, complaint)
    await close_items(tx, complaint.id)


async def notify(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: Notify
) -> Answer:
    """Record that the complainant was told; not before the decision, not in the future."""
    async with db.transaction(actor, key) as tx:
        complaint = (await for_act(tx, complaint_id, version)).complaint
        before, at = complaint.status, happened(tx, command.notified_at, "#/notified_at")
        check_proof(command.proof_attachment_id, command.proof_reference, await files_of(tx, complaint))
        await tell(tx, complaint, at)
        proof = command.proof_reference or str(command.proof_attachment_id)
        return await record(tx, complaint, "notify", {"method": command.method, "proof": proof}, before=before, at=at)


async def withdraw(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: Withdraw
) -> Answer:
    """End the procedure on the day the withdrawal arrived; the complaint stays in every count."""
    async with db.transaction(actor, key) as tx:
        complaint = (await for_act(tx, complaint_id, version)).complaint
        before, at = complaint.status, happened(tx, command.withdrawn_at, "#/withdrawn_at")
        complaint.advance(ComplaintStatus.WITHDRAWN)
        refuse_before_receipt(at, complaint.received_at)
        ended = events.ComplaintWithdrawn(
            complaint_id=complaint.id, claim_id=complaint.claim_id, policy_id=complaint.policy_id
        )
        tx.publish(ended, complaint)
        await close_items(tx, complaint.id)
        return await record(tx, complaint, "withdraw", {}, before=before, at=at, reason=command.reason)


async def merge(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: Merge
) -> Answer:
    """Join the complaint to one that is kept; both are locked in a fixed order, so that two mergers cannot cross."""
    async with db.transaction(actor, key) as tx:
        both = sorted((complaint_id, command.into))
        await tx.scalars(select(Complaint.id).where(Complaint.id.in_(both)).order_by(Complaint.id).with_for_update())
        complaint = (await for_act(tx, complaint_id, version)).complaint
        kept = await tx.scalar(select(Complaint).where(Complaint.id == command.into))
        if kept is None:
            raise ReferenceNotFound.at("#/into")
        before = complaint.status
        complaint.status = str(check_merge(complaint.id, kept.id, complaint.state, kept.state))
        complaint.merged_into = kept.id
        await _join(tx, complaint, kept)
        ended = events.ComplaintWithdrawn(
            complaint_id=complaint.id, claim_id=complaint.claim_id, policy_id=complaint.policy_id, merged_into=kept.id
        )
        tx.publish(ended, complaint)
        await close_items(tx, complaint.id)
        return await record(tx, complaint, "merge", {"into": str(kept.id)}, before=before)


async def _join(tx: Transaction, complaint: Complaint, kept: Complaint) -> None:
    """Whoever must stay out of the one stays out of the other, also its officer; nobody merges himself out (403)."""
    kept.named_persons = list(dict.fromkeys((*kept.named_persons, *complaint.named_persons)))
    with tx.session.no_autoflush:
        grounds = await keep_out(tx, kept, complaint.kept_out)
    refuse_recused(tx.actor.person_id, grounds, tx.actor.on_behalf_of)
    if kept.officer_person_id in grounds:
        await take_back(tx, kept)
