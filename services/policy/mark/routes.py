"""Corrections over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.policy.mark import handlers
from services.policy.mark.schemas import CorrectFinding, CorrectionOut
from shared.routing import Changes, Room, sent

room = Room(tags=["policies"])


@room.posts("/v1/policies/{policy_id}/corrections", CorrectionOut, may="policy.finding.correct")
async def correct_finding(policy_id: UUID, command: CorrectFinding, call: Changes) -> Response:
    """Say what was done about something a customer said in a return visit."""
    return sent(await handlers.correct(call.db, call.actor, call.key, policy_id, call.version, command))
