"""Premium receipts over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.policy.application.handlers import PATH
from services.policy.premium_receipt import handlers
from services.policy.premium_receipt.schemas import ReceiptOut, RecordReceipt
from shared.routing import Changes, Room, sent

room = Room(tags=["applications"])


@room.posts(PATH + "/{application_id}/premium-receipts", ReceiptOut, may="policy.payment_order.confirm")
async def record_receipt(application_id: UUID, command: RecordReceipt, call: Changes) -> Response:
    """Money that came in before the insurer answered: an alarm that only the answer ends."""
    known = (call.db, call.actor, call.key, application_id, call.version)
    return sent(await handlers.record_receipt(*known, command, call.state))
