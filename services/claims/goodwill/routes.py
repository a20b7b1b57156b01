"""Ex gratia payments over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.goodwill import handlers
from services.claims.goodwill.schemas import RequestExGratia
from services.claims.side.routes import side_routes
from services.claims.side.rules import SideKind
from services.claims.side.schemas import SideOut
from shared.routing import Changes, Room, sent

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/ex-gratia", SideOut, may="claims.ex_gratia.request")
async def request_ex_gratia(claim_id: UUID, command: RequestExGratia, call: Changes) -> Response:
    """Ask to pay a part of what is not owed."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.request_ex_gratia(*known, command, call.state))


side_routes(room, SideKind.EX_GRATIA, decide="claims.ex_gratia.decide", granted=handlers.granted)
