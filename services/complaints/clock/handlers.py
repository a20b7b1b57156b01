"""What the clock does by itself: reminders, escalation to the head of the branch, breaches, closing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from services.complaints import events
from services.complaints.clock import queries, rules
from services.complaints.complaint.rules import ComplaintStatus
from services.complaints.complaint.tables import Complaint
from shared.clock import legal_day
from shared.database import Transaction
from shared.errors import Text
from shared.rule_sets import in_force
from shared.ticks import Tick, claim, one_by_one, unclaimed
from shared.work_items import close_items, open_item

_ENDED = (str(ComplaintStatus.MERGED), str(ComplaintStatus.WITHDRAWN))
_PAUSED = str(ComplaintStatus.PAUSED)
_HEAD = "department_head"


def _unanswered() -> Any:
    """Not yet decided and told. The rule of 2013 counts to the decision, and a lead has nobody to tell."""
    to_decision = or_(Complaint.rule == rules.Rule.R2013.value, Complaint.lead)
    return and_(Complaint.notified_at.is_(None), or_(~to_decision, Complaint.decided_at.is_(None)))


def _running() -> Any:
    """Its clock runs: a pause holds it, a withdrawal ends it, and a merged one runs while the one it joined is open."""
    kept = aliased(Complaint)
    joined = select(kept.id).where(
        kept.id == Complaint.merged_into, kept.decided_at.is_(None), kept.status != str(ComplaintStatus.WITHDRAWN)
    )
    alone = Complaint.status.not_in((*_ENDED, _PAUSED))
    return and_(_unanswered(), or_(alone, and_(Complaint.status == str(ComplaintStatus.MERGED), joined.exists())))


async def _locked(tx: Transaction, complaint_id: UUID) -> Complaint | None:
    """The complaint, locked, if its clock still runs."""
    return await tx.scalar(select(Complaint).where(Complaint.id == complaint_id, _running()).with_for_update())


async def _passed(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Complaints whose legal period is over and not yet told so."""
    statement = select(Complaint.id).where(_running(), Complaint.breached_at.is_(None), Complaint.due_at <= tx.now)
    return await tx.scalars(statement.order_by(Complaint.due_at, Complaint.id).limit(limit))


async def _tell_breach(tx: Transaction, complaint_id: UUID) -> None:
    """Mark the breach with its event and the branch head's work item; a mark is no new version."""
    complaint = await _locked(tx, complaint_id)
    if complaint is None or complaint.breached_at is not None:
        return
    complaint.breached_at = tx.now
    complaint.deadline = {**complaint.deadline, "breached_at": tx.now.isoformat()}
    told = events.DeadlineBreached(
        complaint_id=complaint.id, due_on=complaint.due_on, due_legal_on=complaint.due_legal_on
    )
    tx.publish(told, complaint)
    title = Text("投诉已超过法定期限", "The complaint is past its legal period")
    await _ask(tx, complaint, "overdue_complaint", title, complaint.owner_path, _HEAD, priority="high")
    tx.note("breach", complaint, after={"due_legal_on": str(complaint.due_legal_on)})


async def _ask(
    tx: Transaction, complaint: Complaint, kind: str, title: Text, path: str, position: str, **more: Any
) -> None:
    facts: dict[str, Any] = {"due_at": complaint.due_at, "basis": complaint.deadline["basis"], "method": "GET", **more}
    await open_item(
        tx, kind, complaint, title, number=complaint.complaint_no, unit_code=path.rpartition(".")[2],
        position=position, href=f"/v1/complaints/{complaint.id}", **facts,
    )  # fmt: skip


async def _past_due(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Past `due_on`, by which we measure ourselves, whatever the legal day is."""
    statement = select(Complaint.id).where(
        _running(), Complaint.escalated_at.is_(None), Complaint.due_on < legal_day(tx.now)
    )
    return await tx.scalars(statement.order_by(Complaint.due_on, Complaint.id).limit(limit))


async def _escalate(tx: Transaction, complaint_id: UUID) -> None:
    complaint = await _locked(tx, complaint_id)
    if complaint is None or complaint.escalated_at is not None:
        return
    complaint.escalated_at = tx.now
    complaint.deadline = {**complaint.deadline, "escalated_to": complaint.owner_path}
    title = Text("投诉超期，请督办", "The complaint is overdue: see to it")
    await _ask(tx, complaint, "escalated_complaint", title, complaint.owner_path, _HEAD, priority="high")
    tx.note("escalate", complaint, after={"escalated_to": complaint.owner_path, "due_on": str(complaint.due_on)})


async def _due_soon(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Before the period ends one must decide, or extend and tell: afterwards neither is in time."""
    days = (await in_force(tx, "watch")).content["remind_days_before_due"]
    statement = select(Complaint.id).where(
        _running(), Complaint.due_on <= legal_day(tx.now) + timedelta(days=days), Complaint.due_at > tx.now,
        unclaimed("complaint_due_soon", Complaint.id, Complaint.due_on),
    )  # fmt: skip
    return await tx.scalars(statement.order_by(Complaint.due_on, Complaint.id).limit(limit))


async def _remind(tx: Transaction, complaint_id: UUID) -> None:
    complaint = await _locked(tx, complaint_id)
    if complaint is None or not await claim(tx, "complaint_due_soon", complaint.id, complaint.due_on):
        return
    title = Text("投诉即将到期：答复，或延期并告知", "The period ends soon: answer, or extend and tell")
    await _ask(
        tx, complaint, "complaint_due_soon", title, complaint.owner_path, "complaint_officer",
        person_id=complaint.officer_person_id,
    )  # fmt: skip


async def _reviews_passed(tx: Transaction, limit: int) -> Sequence[UUID]:
    statement = select(Complaint.id).where(
        Complaint.status == str(ComplaintStatus.REVIEW_REQUESTED), Complaint.review_breached_at.is_(None),
        Complaint.review_due_at <= tx.now,
    )  # fmt: skip
    return await tx.scalars(statement.order_by(Complaint.review_due_at, Complaint.id).limit(limit))


async def _tell_review_breach(tx: Transaction, complaint_id: UUID) -> None:
    complaint = await tx.scalar(select(Complaint).where(Complaint.id == complaint_id).with_for_update())
    if complaint is None or complaint.review_breached_at is not None or complaint.review_decided_at is not None:
        return
    due_on, due_legal_on = complaint.review_due_on, complaint.review_due_legal_on
    if due_on is None or due_legal_on is None:
        return
    complaint.review_breached_at = tx.now
    tx.publish(events.DeadlineBreached(complaint_id=complaint.id, due_on=due_on, due_legal_on=due_legal_on), complaint)
    superior = complaint.owner_path.rpartition(".")[0] or "00"
    title = Text("核查已超过期限", "The review is past its period")
    await _ask(tx, complaint, "overdue_review", title, superior, _HEAD, due_at=complaint.review_due_at, priority="high")
    tx.note("breach_review", complaint, after={"due_legal_on": str(due_legal_on)})


async def _ready_to_close(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Decided leads, and told complaints for which no review can be asked any more: the pass looks at the period."""
    told = and_(Complaint.status == str(ComplaintStatus.NOTIFIED), Complaint.notified_at < tx.now - timedelta(days=1))
    leads = and_(Complaint.status == str(ComplaintStatus.DECIDED), Complaint.lead)
    today = legal_day(tx.now)
    statement = select(Complaint.id).where(
        or_(told, leads), unclaimed("complaint_closing", Complaint.id, today)
    )  # fmt: skip
    return await tx.scalars(statement.order_by(Complaint.notified_at, Complaint.id).limit(limit))


async def _close(tx: Transaction, complaint_id: UUID) -> None:
    complaint = await tx.scalar(select(Complaint).where(Complaint.id == complaint_id).with_for_update())
    if complaint is None or not await claim(tx, "complaint_closing", complaint_id, legal_day(tx.now)):
        return
    before = complaint.status
    if complaint.notified_at is not None:
        data = await queries.dated(tx)
        on = legal_day(complaint.notified_at)
        if not rules.review_request_deadline(on, data.registry, data.calendar).passed(tx.now):
            return
    complaint.advance(ComplaintStatus.CLOSED)
    complaint.closed_at = tx.now
    await close_items(tx, complaint.id)
    tx.note("close", complaint, before={"status": before}, after={"status": complaint.status})


BREACHES = Tick("complaint_breaches", timedelta(seconds=30), one_by_one(_passed, _tell_breach))
ESCALATIONS = Tick("complaint_escalations", timedelta(seconds=60), one_by_one(_past_due, _escalate))
REMINDERS = Tick("complaint_reminders", timedelta(seconds=60), one_by_one(_due_soon, _remind))
REVIEW_BREACHES = Tick("review_breaches", timedelta(seconds=60), one_by_one(_reviews_passed, _tell_review_breach))
CLOSINGS = Tick("complaint_closings", timedelta(minutes=5), one_by_one(_ready_to_close, _close))
TICKS = (BREACHES, ESCALATIONS, REMINDERS, REVIEW_BREACHES, CLOSINGS)
