"""The catalogue over HTTP."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from services.crm.service_item import handlers, queries, shapes
from services.crm.service_item.schemas import DefineItem, ItemOut
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Creates, Reads, Room, sent, shown

room = Room(tags=["value_added_services"])


@room.reads("/v1/service-items", Page[ItemOut], may="crm.service_item.read", free_query=True)
async def list_service_items(request: Request, call: Reads) -> Response:
    """The catalogue of the own unit and of those above it, by code."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.ITEMS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.ITEMS, asked, call.state.secret)
        return shown(shaped([shapes.item(row) for row in rows], cursor, total), fields=asked.fields)


@room.posts("/v1/service-items", ItemOut, may="crm.service_item.define")
async def define_service_item(command: DefineItem, call: Creates) -> Response:
    """Put a service into the catalogue."""
    return sent(await handlers.define_item(call.db, call.actor, call.key, command))
