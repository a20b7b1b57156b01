"""Notes over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.complaints.complaint.schemas import FactOut
from services.complaints.note import handlers
from services.complaints.note.schemas import WriteNote
from shared.routing import Creates, Room, sent

room = Room(tags=["complaints"])


@room.posts("/v1/complaints/{complaint_id}/notes", FactOut, may="complaints.note.write")
async def write_note(complaint_id: UUID, command: WriteNote, call: Creates) -> Response:
    """Write a note for colleagues; it is never sent."""
    return sent(await handlers.write_note(call.db, call.actor, call.key, complaint_id, command))
