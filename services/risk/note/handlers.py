"""Write a note on a record, and ask those it mentions to read it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.risk.note.schemas import NoteOut, WriteNote
from services.risk.note.tables import RecordNote
from shared import directory
from shared.actor import Actor
from shared.authority import covers
from shared.database import Database, Record, Transaction
from shared.errors import ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items, open_item

READ_ITEM = "read_note"


async def write_note(
    db: Database, actor: Actor, key: RequestKey, kind: type[Record], path: str, record_id: UUID, command: WriteNote
) -> Answer:
    """Keep the note; the record stays at its version. Whoever writes has read what mentioned him before.

    Refuses (422 `reference_not_found`) a mention of somebody who does not see the record.
    """
    async with db.transaction(actor, key) as tx:
        record = await tx.find(kind, record_id)
        units = await _units_of(tx, record, command.mentions)
        row = RecordNote(
            id=uuid7(), org_path=record.org_path, record_type=record.record_type, record_id=record.id,
            text=command.text, mentions=[str(one) for one in units], person_id=actor.person_id,
            staff_no=actor.staff_no, position=actor.position,
        )  # fmt: skip
        tx.add(row)
        await close_items(tx, record.id, READ_ITEM, person_id=actor.person_id)
        for person_id, unit_code in units.items():
            await open_item(
                tx, READ_ITEM, record, Text("查看防灾防损备注", "Read a note of loss prevention"), number=None,
                unit_code=unit_code, person_id=person_id, href=f"{path}/{record.id}/notes", method="GET",
            )  # fmt: skip
        tx.note("write_note", record, after={"note_id": row.id})
        out = NoteOut(
            id=row.id, created_at=tx.now, text=row.text, mentions=list(units), position=row.position,
            person={"person_id": str(row.person_id), "staff_no": row.staff_no},
            record={"type": record.record_type, "id": str(record.id), "version": record.version},
        )  # fmt: skip
        return tx.answer(out, location=f"{path}/{record.id}/notes")


async def _units_of(tx: Transaction, record: Record, mentions: Sequence[UUID]) -> dict[UUID, str]:
    """Person → the unit from which he sees the record, in the order named."""
    found: dict[UUID, str] = {}
    for at, person_id in enumerate(mentions):
        held = [
            one for one in await directory.appointments(tx, person_id=person_id) if covers(record.org_path, one["path"])
        ]
        if not held:
            raise ReferenceNotFound.at(f"#/mentions/{at}")
        found[person_id] = max(held, key=lambda one: len(one["path"]))["unit_code"]
    return found
