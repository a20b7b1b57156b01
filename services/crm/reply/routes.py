"""Answers over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.enquiry.schemas import AnswerEnquiry, EnquiryFactOut
from services.crm.reply import handlers
from services.crm.reply.schemas import CloseEnquiry
from shared.routing import Changes, Room, sent

room = Room(tags=["enquiries"])


@room.posts("/v1/enquiries/{enquiry_id}/answers", EnquiryFactOut, may="crm.enquiry.answer")
async def answer_enquiry(enquiry_id: UUID, command: AnswerEnquiry, call: Changes) -> Response:
    """Answer the customer, and close where he said at once how satisfied he is."""
    return sent(await handlers.answer_enquiry(call.db, call.actor, call.key, enquiry_id, call.version, command))


@room.posts("/v1/enquiries/{enquiry_id}/closings", EnquiryFactOut, may="crm.enquiry.answer")
async def close_enquiry(enquiry_id: UUID, command: CloseEnquiry, call: Changes) -> Response:
    """Close an answered enquiry with what the customer said of it."""
    return sent(await handlers.close_enquiry(call.db, call.actor, call.key, enquiry_id, call.version, command))
