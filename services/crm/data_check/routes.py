"""Checks of a customer's data over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.data_check import handlers
from services.crm.data_check.schemas import CheckData, DataCheckOut
from shared.routing import Creates, Room, sent

room = Room(tags=["customers"])


@room.posts("/v1/customers/{customer_id}/data-checks", DataCheckOut, may="crm.customer.check_data")
async def check_data(customer_id: UUID, command: CheckData, call: Creates) -> Response:
    """Check what is stored against what the customer says; a difference opens a finding."""
    return sent(await handlers.check_data(call.db, call.actor, call.key, customer_id, command))
