"""Visits and their hazards over HTTP: the parts of a visit are sent one by one and read together."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Request
from starlette.responses import Response

from services.risk.hazard import handlers, queries, shapes
from services.risk.hazard.schemas import HazardItem, HazardOut, RateHazard
from services.risk.inspection.schemas import InspectionOut
from services.risk.inspection.shapes import alone
from services.risk.inspection.tables import Hazard, Inspection
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Reads, Room, sent, shown

room = Room(tags=["hazards"])

ClientId = Annotated[str, Path(min_length=1, max_length=80)]


@room.reads("/v1/inspections/{inspection_id}", InspectionOut, may="risk.inspection.read")
async def read_inspection(inspection_id: UUID, call: Reads) -> Response:
    """One visit with its sections, hazards, the customer's claims, and what the caller may do."""
    async with call.db.transaction(call.actor) as tx:
        inspection = await tx.find(Inspection, inspection_id)
        hazards = shapes.brief(await queries.found_at(tx, inspection.id))
        out = await alone(tx, inspection, hazards, call.state.actions, call.language)
        return shown(out, version=inspection.version)


@room.puts("/v1/inspections/{inspection_id}/hazards/{client_id}", HazardItem, may="risk.hazard.rate")
async def rate_hazard(inspection_id: UUID, client_id: ClientId, command: RateHazard, call: Reads) -> Response:
    """Rate a hazard of a visit before its report; safe to send again with the same client id."""
    return sent(await handlers.rate_hazard(call.db, call.actor, call.key, inspection_id, client_id, command))


@room.reads("/v1/hazards", Page[HazardItem], may="risk.hazard.read", free_query=True)
async def list_hazards(request: Request, call: Reads) -> Response:
    """Hazards in the caller's scope."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.HAZARDS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.HAZARDS, asked, call.state.secret)
        return shown(shaped([shapes.item(row) for row in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/hazards/{hazard_id}", HazardOut, may="risk.hazard.read")
async def read_hazard(hazard_id: UUID, call: Reads) -> Response:
    """One hazard, with what was shown of its cure and what the caller may do."""
    async with call.db.transaction(call.actor) as tx:
        hazard = await tx.find(Hazard, hazard_id)
        facts = await queries.facts_of(tx, hazard)
        out = shapes.alone(facts, call.state.hazard_actions, call.actor, call.language)
        return shown(out, version=hazard.version)
