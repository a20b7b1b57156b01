"""Demands for safety over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.policy.safety_demand import handlers, queries, schemas
from services.policy.safety_demand.queries import DemandFacts
from services.policy.safety_demand.tables import SafetyDemand
from shared import directory
from shared.actions import judged
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["safety demands"])

READ, DECIDE = "policy.safety_demand.read", "policy.safety_demand.decide"


@room.reads("/v1/safety-demands", Page[schemas.DemandItem], may=READ, free_query=True)
async def list_safety_demands(request: Request, call: Reads) -> Response:
    """Overdue hazards and what was demanded for them, in the caller's scope."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.DEMANDS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.DEMANDS, asked, call.state.secret)
        items = [schemas.DemandItem.model_validate(row) for row in rows]
        return shown(shaped(items, cursor, total), fields=asked.fields)


@room.reads("/v1/safety-demands/{demand_id}", schemas.DemandOut, may=READ)
async def read_safety_demand(demand_id: UUID, call: Reads) -> Response:
    """One demand: the hazard, the clause of the duty, what became of it."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(SafetyDemand, demand_id)
        actions = judged(handlers.ACTIONS, call.actor, DemandFacts(row), row.id, call.language)
        held = schemas.DemandItem.model_validate(row).model_dump()
        return shown(schemas.DemandOut(**held, available_actions=actions), version=row.version)


@room.posts("/v1/safety-demands/{demand_id}/demands", schemas.DemandFactOut, may=DECIDE)
async def demand_increase(demand_id: UUID, command: schemas.DemandIncrease, call: Changes) -> Response:
    """Demand a higher premium for a duty that was not kept."""
    return sent(await handlers.demand(call.db, call.actor, call.key, demand_id, call.version, command))


@room.posts("/v1/safety-demands/{demand_id}/agreements", schemas.DemandFactOut, may=DECIDE)
async def agree_increase(demand_id: UUID, command: schemas.AgreeIncrease, call: Changes) -> Response:
    """The policyholder agreed by an endorsement that is in effect."""
    return sent(await handlers.agree(call.db, call.actor, call.key, demand_id, call.version, command))


@room.posts("/v1/safety-demands/{demand_id}/cancellations", schemas.DemandFactOut, may=DECIDE)
async def cancel_for_safety(demand_id: UUID, command: schemas.CancelCover, call: Changes) -> Response:
    """End the cover for a duty that was not kept; never compulsory cover without proof of closure."""
    known = (call.db, call.actor, call.key, demand_id, call.version)
    return sent(await handlers.cancel_cover(*known, command, call.state))


@room.posts("/v1/safety-demands/{demand_id}/drops", schemas.DemandFactOut, may=DECIDE)
async def drop_safety_demand(demand_id: UUID, command: schemas.DropDemand, call: Changes) -> Response:
    """Demand nothing, with a reason."""
    return sent(await handlers.drop(call.db, call.actor, call.key, demand_id, call.version, command))
