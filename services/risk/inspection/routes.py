"""Plans and visits over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.risk.inspection import handlers, queries, schemas, shapes
from services.risk.inspection.tables import InspectionPlan
from shared import directory
from shared.actions import judged
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Creates, Reads, Room, sent, shown

room = Room(tags=["inspections"])


@room.reads("/v1/inspections", Page[schemas.InspectionItem], may="risk.inspection.read", free_query=True)
async def list_inspections(request: Request, call: Reads) -> Response:
    """Visits in the caller's scope, the next due first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.INSPECTIONS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.INSPECTIONS, asked, call.state.secret)
        return shown(shaped([shapes.item(row) for row in rows], cursor, total), fields=asked.fields)


@room.posts("/v1/inspections", schemas.InspectionFactOut, may="risk.inspection.open")
async def open_inspection(command: schemas.OpenInspection, call: Creates) -> Response:
    """Open a visit outside the plan."""
    return sent(await handlers.open_inspection(call.db, call.actor, call.key, command))


@room.posts("/v1/inspections/{inspection_id}/schedules", schemas.InspectionFactOut, may="risk.inspection.schedule")
async def schedule(inspection_id: UUID, command: schemas.Schedule, call: Changes) -> Response:
    """Agree on the visit and name who goes."""
    return sent(await handlers.schedule(call.db, call.actor, call.key, inspection_id, call.version, command))


@room.posts("/v1/inspections/{inspection_id}/confirmations", schemas.InspectionFactOut, may="risk.inspection.schedule")
async def confirm_visit(inspection_id: UUID, command: schemas.ConfirmVisit, call: Changes) -> Response:
    """Record that the customer confirmed the day agreed."""
    return sent(await handlers.confirm_visit(call.db, call.actor, call.key, inspection_id, call.version, command))


@room.posts(
    "/v1/inspections/{inspection_id}/reports", schemas.InspectionFactOut, may="risk.inspection.report",
)  # fmt: skip
async def report(inspection_id: UUID, command: schemas.Report, call: Changes) -> Response:
    """Report the visit with all eight sections."""
    return sent(await handlers.report(call.db, call.actor, call.key, inspection_id, call.version, command))


@room.posts("/v1/inspections/{inspection_id}/feedback", schemas.InspectionFactOut, may="risk.inspection.feedback")
async def give_feedback(inspection_id: UUID, command: schemas.Feedback, call: Changes) -> Response:
    """Record what leader or safety head says; with both the visit is closed."""
    return sent(await handlers.give_feedback(call.db, call.actor, call.key, inspection_id, call.version, command))


@room.reads("/v1/inspection-plans", Page[schemas.PlanItem], may="risk.inspection.read", free_query=True)
async def list_plans(request: Request, call: Reads) -> Response:
    """Inspection plans in the caller's scope."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.PLANS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.PLANS, asked, call.state.secret)
        return shown(shaped([shapes.plan_item(row) for row in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/inspection-plans/{plan_id}", schemas.PlanOut, may="risk.inspection.read")
async def read_plan(plan_id: UUID, call: Reads) -> Response:
    """One plan."""
    async with call.db.transaction(call.actor) as tx:
        plan = await tx.find(InspectionPlan, plan_id)
        actions = judged(call.state.plan_actions, call.actor, plan, plan.id, call.language)
        out = schemas.PlanOut(**shapes.plan_item(plan).model_dump(), available_actions=actions)
        return shown(out, version=plan.version)


@room.posts(
    "/v1/inspection-plans/{plan_id}/confirmations", schemas.PlanFactOut, may="risk.inspection_plan.confirm",
)  # fmt: skip
async def confirm_plan(plan_id: UUID, call: Changes) -> Response:
    """Record that the customer agreed to the plan."""
    return sent(await handlers.confirm_plan(call.db, call.actor, call.key, plan_id, call.version))
