"""Batches of visits over HTTP."""

from __future__ import annotations

from starlette.responses import Response

from services.crm.batch import handlers
from services.crm.batch.schemas import BatchOut, PlanBatch
from shared.routing import Creates, Room, sent

room = Room(tags=["return_visits"])


@room.posts("/v1/return-visits/batches", BatchOut, may="crm.return_visit.plan")
async def plan_batch(command: PlanBatch, call: Creates) -> Response:
    """Plan visits for many records at once; a result for each line, in the order sent."""
    return sent(await handlers.plan_batch(call.db, call.actor, call.key, command))
