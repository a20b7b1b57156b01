"""Assignments over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.assignment import handlers
from services.crm.customer.schemas import AssignCustomer, AssignmentFactOut
from shared.routing import Changes, Room, sent

room = Room(tags=["customers"])


@room.posts("/v1/customers/{customer_id}/assignments", AssignmentFactOut, may="crm.customer.assign")
async def assign_customer(customer_id: UUID, command: AssignCustomer, call: Changes) -> Response:
    """Give a customer to another unit, team or manager, with the reason."""
    return sent(await handlers.assign_customer(call.db, call.actor, call.key, customer_id, call.version, command))
