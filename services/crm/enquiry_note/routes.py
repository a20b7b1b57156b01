"""Notes on enquiries over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.enquiry.schemas import EnquiryFactOut
from services.crm.enquiry_note import handlers
from services.crm.enquiry_note.schemas import WriteEnquiryNote
from shared.routing import Creates, Room, sent

room = Room(tags=["enquiries"])


@room.posts("/v1/enquiries/{enquiry_id}/notes", EnquiryFactOut, may="crm.note.write")
async def write_enquiry_note(enquiry_id: UUID, command: WriteEnquiryNote, call: Creates) -> Response:
    """Write a note for colleagues; it is never sent."""
    return sent(await handlers.write_note(call.db, call.actor, call.key, enquiry_id, command))
