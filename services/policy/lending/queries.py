"""Loans that are to be reminded of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select

from services.policy.archive.tables import VolumeLoan
from shared.clock import legal_day
from shared.database import Transaction
from shared.ticks import unclaimed


@dataclass(frozen=True)
class Reminder:
    """One loan on or after its day: `due` for whoever has the volume, `overdue` for the head of the unit."""

    loan_id: UUID
    volume_id: UUID
    borrower_person_id: UUID
    due_on: date
    stage: str


async def reminders(tx: Transaction, limit: int) -> Sequence[Reminder]:
    """What is to be reminded of now and was not yet, the oldest first; after a standstill only that it is overdue."""
    today, row = legal_day(tx.now), VolumeLoan
    on_the_day = (row.due_on == today) & unclaimed("volume_loan_watch", row.id, row.due_on, "due")
    after_it = (row.due_on < today) & unclaimed("volume_loan_watch", row.id, row.due_on, "overdue")
    out = select(row).where(row.returned_at.is_(None), or_(on_the_day, after_it))
    found = await tx.scalars(out.order_by(row.due_on, row.id).limit(limit))
    return [
        Reminder(one.id, one.volume_id, one.borrower_person_id, one.due_on, "due" if one.due_on == today else "overdue")
        for one in found
    ]


async def open_loan(tx: Transaction, volume_id: UUID) -> VolumeLoan | None:
    """The loan of a volume that is out, locked."""
    row = VolumeLoan
    statement = select(row).where(row.volume_id == volume_id, row.returned_at.is_(None))
    return await tx.scalar(statement.with_for_update())
