"""How notes are shown."""

from __future__ import annotations

from uuid import UUID

from services.risk.note.schemas import NoteItem
from services.risk.note.tables import RecordNote


def item(row: RecordNote) -> NoteItem:
    return NoteItem(
        id=row.id, created_at=row.created_at, text=row.text, mentions=[UUID(one) for one in row.mentions],
        position=row.position, person={"person_id": str(row.person_id), "staff_no": row.staff_no},
    )  # fmt: skip
