"""Reopenings over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.reopening import handlers
from services.claims.reopening.schemas import RequestReopening
from services.claims.side.routes import side_routes
from services.claims.side.rules import SideKind
from services.claims.side.schemas import SideOut
from shared.routing import Changes, Room, sent

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/reopenings", SideOut, may="claims.reopening.request")
async def request_reopening(claim_id: UUID, command: RequestReopening, call: Changes) -> Response:
    """Ask to open the claim again."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.request_reopening(*known, command, call.state))


side_routes(room, SideKind.REOPENING, decide="claims.reopening.decide", granted=handlers.reopened)
