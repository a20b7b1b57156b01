"""Officers over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.complaints.officer import handlers, queries
from services.complaints.officer.schemas import EndOfficer, NameOfficer, OfficerItem, OfficerOut
from services.complaints.officer.tables import ComplaintOfficer
from shared import directory
from shared.actions import judged
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Creates, Reads, Room, sent, shown

room = Room(tags=["complaint_officers"])
PATH = "/v1/complaint-officers"
ONE = PATH + "/{officer_id}"


@room.posts(PATH, OfficerItem, may="complaints.office.fill")
async def name_officer(command: NameOfficer, call: Creates) -> Response:
    """Name an officer of a branch or of head office: full-time, or a deputy."""
    return sent(await handlers.name_officer(call.db, call.actor, call.key, command))


@room.reads(PATH, Page[OfficerItem], may="complaints.office.read", free_query=True)
async def list_officers(request: Request, call: Reads) -> Response:
    """Officers in the caller's scope, of now and of before."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.OFFICERS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.OFFICERS, asked, call.state.secret)
        return shown(shaped([OfficerItem.model_validate(row) for row in rows], cursor, total), fields=asked.fields)


@room.reads(ONE, OfficerOut, may="complaints.office.read")
async def read_officer(officer_id: UUID, call: Reads) -> Response:
    """One officer's time at one unit."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(ComplaintOfficer, officer_id)
        actions = judged(queries.ACTIONS, call.actor, await queries.facts_of(tx, row), row.id, call.language)
        out = OfficerOut(**OfficerItem.model_validate(row).model_dump(), available_actions=actions)
        return shown(out, version=row.version)


@room.posts(ONE + "/endings", OfficerItem, may="complaints.office.fill")
async def end_officer(officer_id: UUID, command: EndOfficer, call: Changes) -> Response:
    """End an officer's time; a full-time one has a successor by then."""
    return sent(await handlers.end_officer(call.db, call.actor, call.key, officer_id, call.version, command))
