"""The timeline over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.crm.customer.tables import Customer
from services.crm.timeline import queries, shapes
from services.crm.timeline.schemas import EntryOut
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Reads, Room, shown

room = Room(tags=["customers"])


@room.reads("/v1/customers/{customer_id}/timeline", Page[EntryOut], may="crm.customer.read", free_query=True)
async def read_timeline(customer_id: UUID, request: Request, call: Reads) -> Response:
    """What all services did for this customer, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        await tx.find(Customer, customer_id)
        asked = read_query(queries.ENTRIES, request.query_params.multi_items(), lambda _: None)
        rows, cursor, total = await page(tx, queries.ENTRIES, asked, call.state.secret, queries.entries_of(customer_id))
        return shown(shaped(await shapes.entries(tx, rows), cursor, total), fields=asked.fields)
