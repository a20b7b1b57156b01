"""Named reads of notes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from services.claims.note.tables import ClaimNote
from shared.database import Transaction


async def notes_of(tx: Transaction, claim_id: UUID) -> Sequence[ClaimNote]:
    """The notes of a claim in the order in which they were written."""
    statement = select(ClaimNote).where(ClaimNote.claim_id == claim_id)
    return await tx.scalars(statement.order_by(ClaimNote.created_at, ClaimNote.id))
