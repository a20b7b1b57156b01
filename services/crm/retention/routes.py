"""Requests for deletion over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.retention import handlers
from services.crm.retention.schemas import EndFreeze, FreezeCustomer, FreezeEndedOut, FreezeFactOut
from shared.routing import Changes, Room, sent

room = Room(tags=["customers"])


@room.posts("/v1/customers/{customer_id}/freezes", FreezeFactOut, may="crm.customer.freeze")
async def freeze_customer(customer_id: UUID, command: FreezeCustomer, call: Changes) -> Response:
    """The customer asks for deletion: his data are only stored until the law lets them go."""
    return sent(await handlers.freeze_customer(call.db, call.actor, call.key, customer_id, call.version, command))


@room.posts("/v1/customers/{customer_id}/releases", FreezeEndedOut, may="crm.customer.freeze")
async def release_customer(customer_id: UUID, command: EndFreeze, call: Changes) -> Response:
    """The customer takes the request back."""
    return sent(await handlers.release_customer(call.db, call.actor, call.key, customer_id, call.version, command))


@room.posts("/v1/customers/{customer_id}/erasures", FreezeEndedOut, may="crm.customer.erase")
async def erase_customer(customer_id: UUID, command: EndFreeze, call: Changes) -> Response:
    """Remove the data of a frozen customer that nothing keeps any more, by a second person."""
    return sent(await handlers.erase_customer(call.db, call.actor, call.key, customer_id, call.version, command))
