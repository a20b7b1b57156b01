"""Named reads of notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.claims.claim.tables import Claim
from services.claims.note.tables import ClaimNote
from shared.database import Transaction


async def notes_of(tx: Transaction, claim_id: UUID) -> Sequence[ClaimNote]:
    """The notes of a claim in the order in which they were written."""
    statement = select(ClaimNote).where(ClaimNote.claim_id == claim_id)
    return await tx.scalars(statement.order_by(ClaimNote.created_at, ClaimNote.id))


async def timeline(tx: Transaction, claim: Claim) -> list[dict[str, Any]]:
    """That a note was written, by whom; the words stand with the notes."""
    return [
        {
            "at": row.created_at, "kind": "note", "facts": {"note_id": str(row.id)}, "position": row.position,
            "person": {"person_id": str(row.person_id), "staff_no": row.staff_no},
        }
        for row in await notes_of(tx, claim.id)
    ]  # fmt: skip
