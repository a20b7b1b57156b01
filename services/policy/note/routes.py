"""Notes over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.policy.note import handlers
from services.policy.note.schemas import NoteOut, NotesOut, WriteNote
from services.policy.policy.tables import Policy
from shared.routing import Creates, Reads, Room, sent, shown

room = Room(tags=["policies"])


@room.posts("/v1/policies/{policy_id}/notes", NoteOut, may="policy.note.write")
async def write_policy_note(policy_id: UUID, command: WriteNote, call: Creates) -> Response:
    """Write a note for colleagues; it is never sent to anybody outside."""
    return sent(await handlers.write_note(call.db, call.actor, call.key, policy_id, command))


@room.reads("/v1/policies/{policy_id}/notes", NotesOut, may="policy.policy.read")
async def list_policy_notes(policy_id: UUID, call: Reads) -> Response:
    """The notes of a policy in the order in which they were written."""
    async with call.db.transaction(call.actor) as tx:
        await tx.find(Policy, policy_id)
        return shown(NotesOut(items=[handlers.shape(row) for row in await handlers.notes_of(tx, policy_id)]))
