"""Prevention plans over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.risk.prevention import handlers, queries, schemas, shapes
from services.risk.prevention.tables import PreventionPlan
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Edits, Reads, Room, sent, shown

room = Room(tags=["prevention plans"])


@room.reads("/v1/prevention-plans", Page[schemas.PreventionPlanItem], may="risk.inspection.read", free_query=True)
async def list_prevention_plans(request: Request, call: Reads) -> Response:
    """Prevention plans in the caller's scope."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.PREVENTION_PLANS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.PREVENTION_PLANS, asked, call.state.secret)
        return shown(shaped([shapes.item(row) for row in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/prevention-plans/{plan_id}", schemas.PreventionPlanOut, may="risk.inspection.read")
async def read_prevention_plan(plan_id: UUID, call: Reads) -> Response:
    """One prevention plan with its items."""
    async with call.db.transaction(call.actor) as tx:
        plan = await tx.find(PreventionPlan, plan_id)
        return shown(shapes.alone(plan, call.actor, call.language), version=plan.version)


@room.puts("/v1/prevention-plans/{plan_id}/items", schemas.PreventionPlanOut, may="risk.inspection_plan.confirm")
async def write_prevention_items(plan_id: UUID, command: schemas.WriteItems, call: Edits) -> Response:
    """Replace the items of a plan."""
    return sent(await handlers.write_items(call.db, call.actor, call.key, plan_id, call.version, command))


@room.posts(
    "/v1/prevention-plans/{plan_id}/confirmations", schemas.PreventionFactOut, may="risk.inspection_plan.confirm",
)  # fmt: skip
async def confirm_prevention_plan(plan_id: UUID, command: schemas.ConfirmPrevention, call: Changes) -> Response:
    """Record that the customer agreed to the plan in writing."""
    return sent(await handlers.confirm(call.db, call.actor, call.key, plan_id, call.version, command))
