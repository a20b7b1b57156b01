"""Reading notes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from services.risk.note.tables import RecordNote
from shared.database import Record, Transaction


async def notes_of(tx: Transaction, record: Record) -> Sequence[RecordNote]:
    """All notes on a record that was found for the caller, in the order in which they were written."""
    scope = tx.scope
    await tx.use_scope("00")
    mine = select(RecordNote).where(RecordNote.record_id == record.id, RecordNote.record_type == record.record_type)
    found = await tx.scalars(mine.order_by(RecordNote.id))
    await tx.use_scope(scope)
    return found
