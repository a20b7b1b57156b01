"""Return visits over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from services.crm.visit import handlers, queries, shapes
from services.crm.visit.schemas import (
    AttemptFactOut,
    AttemptVisit,
    VisitItem,
    VisitOut,
)
from services.crm.visit.tables import ReturnVisit
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["return_visits"])

Fields = Annotated[str | None, Query(description="Members to show; `id` and `version` always stay.", max_length=500)]


@room.reads("/v1/return-visits", Page[VisitItem], may="crm.return_visit.read", free_query=True)
async def list_visits(request: Request, call: Reads) -> Response:
    """Visits in the caller's scope, the one due next first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.VISITS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.VISITS, asked, call.state.secret)
        return shown(shaped(await shapes.items(tx, rows), cursor, total), fields=asked.fields)


@room.reads("/v1/return-visits/{visit_id}", VisitOut, may="crm.return_visit.read")
async def read_visit(visit_id: UUID, call: Reads, fields: Fields = None) -> Response:
    """One visit: whom to ask about what, until when, with which questions."""
    async with call.db.transaction(call.actor) as tx:
        visit = await tx.find(ReturnVisit, visit_id)
        out = await shapes.alone(tx, visit, call.state.visit_actions, call.language)
        return shown(out, version=visit.version, fields=frozenset(fields.split(",")) if fields else None)


@room.posts("/v1/return-visits/{visit_id}/attempts", AttemptFactOut, may="crm.return_visit.attempt")
async def attempt_visit(visit_id: UUID, command: AttemptVisit, call: Changes) -> Response:
    """An attempt that led to no answer, or the end of trying."""
    return sent(await handlers.attempt_visit(call.db, call.actor, call.key, visit_id, call.version, command))
