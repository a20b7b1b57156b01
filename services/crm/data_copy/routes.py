"""Copies over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.data_copy import handlers
from services.crm.data_copy.schemas import CopyCustomer
from shared.downloads import disposition
from shared.jobs import JobOut
from shared.routing import Creates, Reads, Room, sent

room = Room(tags=["customers"])


@room.posts("/v1/customers/{customer_id}/copies", JobOut, may="crm.customer.copy", status=202)
async def copy_customer(customer_id: UUID, command: CopyCustomer, call: Creates) -> Response:
    """Ask for a copy of everything that is held about the customer; the job's result names it."""
    async with call.db.transaction(call.actor, call.key) as tx:
        return sent(await handlers.request_copy(tx, customer_id, command))


@room.reads("/v1/customers/{customer_id}/copies/{copy_id}", None, may="crm.customer.copy")
async def take_customer_copy(customer_id: UUID, copy_id: UUID, call: Reads) -> Response:
    """The copy (JSON), for whoever asked for it, within a week."""
    async with call.db.transaction(call.actor) as tx:
        content = await handlers.take_copy(tx, customer_id, copy_id)
    headers = {
        "Content-Disposition": disposition(f"客户信息副本-{copy_id}.json"), "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }  # fmt: skip
    return Response(content, 200, headers, media_type="application/json")
