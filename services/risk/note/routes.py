"""The notes of a record type over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from starlette.responses import Response

from services.risk.note import handlers, queries, shapes
from services.risk.note.schemas import NoteOut, NotesOut, WriteNote
from shared.database import Record
from shared.routing import Creates, Reads, Room, sent, shown


def note_routes(kind: type[Record], path: str, *, read: str) -> Room:
    """`POST` and `GET {path}/{id}/notes`: for those who may read the record, never sent to anybody outside."""
    room, below = Room(tags=[kind.record_type]), f"{path}/{{record_id}}/notes"

    async def write_note(record_id: UUID, command: WriteNote, call: Creates) -> Response:
        return sent(await handlers.write_note(call.db, call.actor, call.key, kind, path, record_id, command))

    async def list_notes(record_id: UUID, call: Reads) -> Response:
        async with call.db.transaction(call.actor) as tx:
            record = await tx.find(kind, record_id)
            return shown(NotesOut(items=[shapes.item(row) for row in await queries.notes_of(tx, record)]))

    _name(kind.record_type, write_note, list_notes)
    room.posts(below, NoteOut, may="risk.note.write")(write_note)
    room.reads(below, NotesOut, may=read)(list_notes)
    return room


def _name(record_type: str, *endpoints: Any) -> None:
    """Operation ids of their own for each record type: `write_hazard_note`."""
    for one in endpoints:
        verb, _, noun = one.__name__.partition("_")
        one.__name__ = f"{verb}_{record_type}_{noun}"
