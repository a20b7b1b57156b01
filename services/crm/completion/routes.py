"""Completions of return visits over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.completion import handlers
from services.crm.completion.schemas import CompleteVisit, CompletionFactOut
from shared.routing import Changes, Room, sent

room = Room(tags=["return_visits"])


@room.posts("/v1/return-visits/{visit_id}/completions", CompletionFactOut, may="crm.return_visit.complete")
async def complete_visit(visit_id: UUID, command: CompleteVisit, call: Changes) -> Response:
    """What the customer said; every bad answer opens a finding."""
    return sent(await handlers.complete_visit(call.db, call.actor, call.key, visit_id, call.version, command))
