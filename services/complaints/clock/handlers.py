"""What the clock does by itself: a period that passed is told once, and the head of the branch has to look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from services.complaints import events
from services.complaints.complaint.rules import ComplaintStatus
from services.complaints.complaint.tables import Complaint
from shared.database import Transaction
from shared.errors import Text
from shared.ticks import Tick, one_by_one
from shared.work_items import open_item

_ENDED = (str(ComplaintStatus.MERGED), str(ComplaintStatus.WITHDRAWN))
_PAUSED = str(ComplaintStatus.PAUSED)


async def _passed(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Undecided complaints whose legal period is over and not yet told so; a running pause holds the clock."""
    statement = (
        select(Complaint.id)
        .where(Complaint.decided_at.is_(None), Complaint.breached_at.is_(None), Complaint.due_at <= tx.now)
        .where(Complaint.status.not_in((*_ENDED, _PAUSED)))
        .order_by(Complaint.due_at, Complaint.id)
        .limit(limit)
    )
    return await tx.scalars(statement)


async def _tell_breach(tx: Transaction, complaint_id: UUID) -> None:
    """Mark the breach with its event and the branch head's work item; a mark is no new version."""
    complaint = await tx.scalar(select(Complaint).where(Complaint.id == complaint_id).with_for_update())
    if complaint is None or complaint.breached_at is not None or complaint.decided_at is not None:
        return
    complaint.breached_at = tx.now
    complaint.deadline = {**complaint.deadline, "breached_at": tx.now.isoformat()}
    told = events.DeadlineBreached(
        complaint_id=complaint.id, due_on=complaint.due_on, due_legal_on=complaint.due_legal_on
    )
    tx.publish(told, complaint)
    await open_item(
        tx, "overdue_complaint", complaint, Text("投诉已超过法定期限", "The complaint is past its legal period"),
        number=complaint.complaint_no, unit_code=complaint.owner_path.rpartition(".")[2], position="department_head",
        due_at=complaint.due_at, basis=complaint.deadline["basis"], priority="high",
        href=f"/v1/complaints/{complaint.id}", method="GET",
    )  # fmt: skip
    tx.note("breach", complaint, after={"due_legal_on": str(complaint.due_legal_on)})


BREACHES = Tick("complaint_breaches", timedelta(seconds=30), one_by_one(_passed, _tell_breach))
