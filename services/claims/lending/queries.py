"""Loans that are to be reminded of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from services.claims.archive.tables import FileLoan
from shared.clock import legal_day
from shared.database import Transaction
from shared.ticks import unclaimed


@dataclass(frozen=True)
class Reminder:
    """One loan on or after its day: `due` for whoever has the volume, `overdue` for the head of the unit."""

    loan_id: UUID
    claim_id: UUID
    borrower_person_id: UUID
    due_on: date
    stage: str


async def reminders(tx: Transaction, limit: int) -> Sequence[Reminder]:
    """What is to be reminded of now and was not yet, the oldest first; after a standstill only that it is overdue."""
    today = legal_day(tx.now)
    yesterday = today - timedelta(days=1)
    on_the_day = (FileLoan.due_on == today) & unclaimed("loan_watch", FileLoan.id, FileLoan.due_on, "due")
    after_it = (FileLoan.due_on <= yesterday) & unclaimed("loan_watch", FileLoan.id, FileLoan.due_on, "overdue")
    out = select(FileLoan).where(FileLoan.returned_at.is_(None), or_(on_the_day, after_it))
    rows = await tx.scalars(out.order_by(FileLoan.due_on, FileLoan.id).limit(limit))
    return [
        Reminder(one.id, one.claim_id, one.borrower_person_id, one.due_on, "due" if one.due_on == today else "overdue")
        for one in rows
    ]
