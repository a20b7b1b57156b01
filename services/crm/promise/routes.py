"""Promises and pauses over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.enquiry.schemas import EnquiryFactOut, PromiseEnquiry
from services.crm.promise import handlers
from services.crm.promise.schemas import PauseEnquiry
from shared.routing import Changes, Room, sent

room = Room(tags=["enquiries"])


@room.posts("/v1/enquiries/{enquiry_id}/promises", EnquiryFactOut, may="crm.enquiry.promise")
async def promise_enquiry(enquiry_id: UUID, command: PromiseEnquiry, call: Changes) -> Response:
    """Promise the customer an answer, or extend the promise once."""
    return sent(await handlers.promise_enquiry(call.db, call.actor, call.key, enquiry_id, call.version, command))


@room.posts("/v1/enquiries/{enquiry_id}/pauses", EnquiryFactOut, may="crm.enquiry.pause")
async def pause_enquiry(enquiry_id: UUID, command: PauseEnquiry, call: Changes) -> Response:
    """Wait for the customer, or go on because he has answered."""
    return sent(await handlers.pause_enquiry(call.db, call.actor, call.key, enquiry_id, call.version, command))
