"""Desks over HTTP."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from services.crm.desk import handlers, queries, shapes
from services.crm.desk.schemas import DeskOut, StaffDesk
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import MatchHeader, Reads, Room, shown

room = Room(tags=["enquiries"])


@room.reads("/v1/desks", Page[DeskOut], may="crm.desk.read", free_query=True)
async def list_desks(request: Request, call: Reads) -> Response:
    """Who takes enquiries where and when, by unit."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.DESKS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.DESKS, asked, call.state.secret)
        return shown(shaped(await shapes.items(tx, rows), cursor, total), fields=asked.fields)


@room.puts("/v1/desks/{unit_code}", DeskOut, may="crm.desk.staff")
async def staff_desk(unit_code: str, command: StaffDesk, call: Reads, if_match: MatchHeader = None) -> Response:
    """Say who takes enquiries at the unit and when; a desk that is there already needs its version in `If-Match`."""
    async with call.db.transaction(call.actor) as tx:
        desk = await handlers.staff_desk(tx, unit_code, if_match, command)
        [out] = await shapes.items(tx, [desk])
        return shown(out, version=desk.version)
