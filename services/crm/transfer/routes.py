"""Transfers over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.enquiry.schemas import EnquiryFactOut
from services.crm.transfer import handlers
from services.crm.transfer.schemas import TransferEnquiry
from shared.routing import Changes, Room, sent

room = Room(tags=["enquiries"])


@room.posts("/v1/enquiries/{enquiry_id}/transfers", EnquiryFactOut, may="crm.enquiry.transfer")
async def transfer_enquiry(enquiry_id: UUID, command: TransferEnquiry, call: Changes) -> Response:
    """Pass the enquiry on, with the reason; its first owner stays responsible."""
    return sent(await handlers.transfer_enquiry(call.db, call.actor, call.key, enquiry_id, call.version, command))
