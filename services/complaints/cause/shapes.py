"""How actions against causes are shown."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from services.complaints.cause.schemas import RootCauseOut
from services.complaints.cause.tables import RootCause
from services.complaints.complaint.shapes import state
from services.complaints.complaint.tables import Complaint
from shared.database import Transaction


def root_cause(row: RootCause, complaint: Complaint) -> RootCauseOut:
    """One action."""
    return RootCauseOut(
        id=row.id, created_at=row.created_at, cause=row.cause, action=row.action, owner_person_id=row.owner_person_id,
        due_on=row.due_on, status=row.status, done_at=row.done_at, check_on=row.check_on, checked_at=row.checked_at,
        recurred=row.recurred, complaint=state(complaint),
    )  # fmt: skip


async def part(tx: Transaction, complaint: Complaint) -> dict[str, Any]:
    """The actions of a complaint, for its reading."""
    mine = select(RootCause).where(RootCause.complaint_id == complaint.id)
    rows = await tx.scalars(mine.order_by(RootCause.created_at, RootCause.id))
    shown = [
        root_cause(row, complaint).model_dump(mode="json", exclude={"complaint"}, exclude_none=True) for row in rows
    ]
    return {"root_causes": shown}
