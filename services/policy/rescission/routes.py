"""Rescissions over HTTP."""

from __future__ import annotations

from starlette.responses import Response

from services.policy.rescission import handlers
from services.policy.rescission.schemas import DeclareRescission, RescissionOut
from shared.routing import Creates, Room, sent

room = Room(tags=["rescissions"])


@room.posts("/v1/rescissions", RescissionOut, may="policy.rescission.declare")
async def declare_rescission(command: DeclareRescission, call: Creates) -> Response:
    """Rescind a contract for what was not told, within thirty days of knowing and two years of its formation."""
    return sent(await handlers.rescind(call.db, call.actor, call.key, command, call.state))
