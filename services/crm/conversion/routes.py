"""Conversions over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.conversion import handlers
from services.crm.conversion.schemas import ConvertEnquiry
from services.crm.enquiry.schemas import EnquiryFactOut
from shared.routing import Changes, Room, sent

room = Room(tags=["enquiries"])


@room.posts("/v1/enquiries/{enquiry_id}/conversions", EnquiryFactOut, may="crm.enquiry.convert")
async def convert_enquiry(enquiry_id: UUID, command: ConvertEnquiry, call: Changes) -> Response:
    """Say that it becomes a claim, an application or a complaint, and learn how that is made."""
    return sent(await handlers.convert_enquiry(call.db, call.actor, call.key, enquiry_id, call.version, command))
