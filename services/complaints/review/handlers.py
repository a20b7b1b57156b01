"""Asking for a review, and deciding it above."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.complaints import events
from services.complaints.clock import queries as clock
from services.complaints.clock import rules as clock_rules
from services.complaints.complaint.handlers import for_act, happened, record, tell_complainant
from services.complaints.complaint.queries import facts_told
from services.complaints.complaint.rules import (
    ComplaintStatus,
    Decision,
    ReplyQuality,
    check_content,
    check_quality,
    decide_review,
)
from services.complaints.complaint.tables import Complaint
from services.complaints.review import rules
from services.complaints.review.schemas import DecideReview, RequestReview
from shared.actor import Actor
from shared.attachments import take_uploads
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.rule_sets import in_force
from shared.work_items import close_items, open_item


async def request_review(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: RequestReview
) -> Answer:
    """Take in a review request; only after its legal day is it too late."""
    async with db.transaction(actor, key) as tx:
        complaint = (await for_act(tx, complaint_id, version)).complaint
        before, at = complaint.status, happened(tx, command.requested_at, "#/requested_at")
        complaint.advance(ComplaintStatus.REVIEW_REQUESTED)
        received_on = legal_day(rules.told_at(complaint.notified_at))
        data, on = await clock.dated(tx), legal_day(at)
        clock_rules.check_review_request(received_on, on, data.registry, data.calendar)
        deadline = clock_rules.review_decision_deadline(on, data.registry, data.calendar)
        complaint.review_requested_at, complaint.review_due_at = at, deadline.due_at
        complaint.review_due_on, complaint.review_due_legal_on = deadline.due_on, deadline.due_legal_on
        await take_uploads(tx, command.upload_ids, complaint)
        await _ask_above(tx, complaint, deadline.basis)
        await tell_complainant(tx, complaint, "review_requested")
        told = {**clock.shown(deadline), "grounds": command.grounds}
        return await record(tx, complaint, "request_review", told, before=before, at=at)


async def _ask_above(tx: Transaction, complaint: Complaint, basis: str) -> None:
    superior = complaint.owner_path.rpartition(".")[0] or "00"
    await open_item(
        tx, "review_complaint", complaint, Text("核查投诉处理决定", "Review the decision on the complaint"),
        number=complaint.complaint_no, unit_code=superior.rpartition(".")[2], position="complaint_officer",
        due_at=complaint.review_due_at, basis=basis, href=f"/v1/complaints/{complaint.id}/review-decisions",
    )  # fmt: skip


async def decide_review_of(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: DecideReview
) -> Answer:
    """Decide the review at the superior unit, by somebody who had no part in the first decision."""
    async with db.transaction(actor, key) as tx:
        facts = await for_act(tx, complaint_id, version)
        complaint, before = facts.complaint, facts.complaint.status
        earlier = rules.first_hands(
            [(one.kind, one.person_id) for one in await facts_told(tx, complaint.id)], complaint.officer_person_id,
            complaint.decided_by,
        )  # fmt: skip
        given = Decision(command.findings, command.basis, command.reasons, command.remedies, command.outcome)
        rules.refuse_earlier_hand(actor.on_behalf_of, earlier)
        complaint.status = str(
            decide_review(complaint.state, actor.person_id, actor.scope, complaint.owner_path, earlier, facts.grounds)
        )
        check_content(given)
        quality = (await in_force(tx, "reply_quality")).parsed(ReplyQuality.from_content)
        check_quality(given, replace(quality, required_remedies=()))  # this was the review
        complaint.review_decided_at, complaint.review_outcome = tx.now, command.outcome
        tx.publish(
            events.ComplaintDecided(
                complaint_id=complaint.id, claim_id=complaint.claim_id, policy_id=complaint.policy_id,
                outcome=f"review_{command.outcome}",
            ),
            complaint,
        )  # fmt: skip
        await close_items(tx, complaint.id)
        return await record(tx, complaint, "decide_review", command.model_dump(), before=before)
