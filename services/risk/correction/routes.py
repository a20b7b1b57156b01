"""Findings about prevention work over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.risk.correction import handlers, queries
from services.risk.correction.schemas import Correct, CorrectionOut, FindingOut, FindingsOut
from services.risk.inspection.tables import InspectionPlan
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["inspection-plans"])


@room.reads("/v1/inspection-plans/{plan_id}/findings", FindingsOut, may="risk.inspection.read")
async def list_findings(plan_id: UUID, call: Reads) -> Response:
    """What return visits found about prevention under this plan, and what was done about it."""
    async with call.db.transaction(call.actor) as tx:
        plan = await tx.find(InspectionPlan, plan_id)
        rows = await queries.findings_of(tx, plan)
        return shown(FindingsOut(items=[FindingOut.model_validate(one) for one in rows]))


@room.posts("/v1/inspection-plans/{plan_id}/corrections", CorrectionOut, may="risk.inspection.record")
async def correct_finding(plan_id: UUID, command: Correct, call: Changes) -> Response:
    """Write down what was done about a finding."""
    return sent(await handlers.correct(call.db, call.actor, call.key, plan_id, call.version, command))
