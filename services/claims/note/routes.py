"""Notes over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.claim.tables import Claim
from services.claims.note import handlers, queries
from services.claims.note.schemas import NoteItem, NoteOut, NotesOut, WriteNote
from services.claims.note.tables import ClaimNote
from shared.routing import Creates, Reads, Room, sent, shown

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/notes", NoteOut, may="claims.note.write")
async def write_note(claim_id: UUID, command: WriteNote, call: Creates) -> Response:
    """Write a note for those who work on the claim; it is never sent to anybody outside."""
    return sent(await handlers.write_note(call.db, call.actor, call.key, claim_id, command))


@room.reads("/v1/claims/{claim_id}/notes", NotesOut, may="claims.claim.read")
async def list_notes(claim_id: UUID, call: Reads) -> Response:
    """The notes of a claim in the order in which they were written."""
    async with call.db.transaction(call.actor) as tx:
        claim = await tx.find(Claim, claim_id)
        return shown(NotesOut(items=[_item(one) for one in await queries.notes_of(tx, claim.id)]))


def _item(row: ClaimNote) -> NoteItem:
    person = {"person_id": str(row.person_id), "staff_no": row.staff_no}
    return NoteItem(
        id=row.id, created_at=row.created_at, text=row.text, mentions=[UUID(one) for one in row.mentions],
        person=person, position=row.position,
    )  # fmt: skip
