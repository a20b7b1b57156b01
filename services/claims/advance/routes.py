"""Advances over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.advance import handlers
from services.claims.advance.schemas import RequestAdvance
from services.claims.side.routes import side_routes
from services.claims.side.rules import SideKind
from services.claims.side.schemas import SideOut
from shared.routing import Changes, Room, sent

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/advances", SideOut, may="claims.advance.request")
async def request_advance(claim_id: UUID, command: RequestAdvance, call: Changes) -> Response:
    """Ask to pay in advance what can be ascertained."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.request_advance(*known, command, call.state))


side_routes(room, SideKind.ADVANCE, decide="claims.advance.decide", granted=handlers.granted)
