"""Merges over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.merging import handlers
from services.crm.merging.schemas import MergeCustomer, MergeFactOut
from shared.routing import Changes, Room, sent

room = Room(tags=["customers"])


@room.posts("/v1/customers/{customer_id}/merges", MergeFactOut, may="crm.customer.merge")
async def merge_customer(customer_id: UUID, command: MergeCustomer, call: Changes) -> Response:
    """Merge another record into this one, with the reason."""
    return sent(await handlers.merge_customer(call.db, call.actor, call.key, customer_id, call.version, command))
