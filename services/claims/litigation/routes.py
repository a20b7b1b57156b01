"""Lawsuits and arbitrations over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.litigation import handlers
from services.claims.litigation.schemas import OpenLitigation, RecordResult
from services.claims.side.routes import side_routes
from services.claims.side.rules import SideKind
from services.claims.side.schemas import SideOut
from shared.routing import Changes, Room, sent

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/litigation", SideOut, may="claims.litigation.open")
async def open_litigation(claim_id: UUID, command: OpenLitigation, call: Changes) -> Response:
    """A lawsuit or an arbitration about the claim has begun."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.open_litigation(*known, command, call.state))


@room.posts("/v1/claims/{claim_id}/litigation/{side_id}/results", SideOut, may="claims.litigation.open")
async def record_court_result(claim_id: UUID, side_id: UUID, command: RecordResult, call: Changes) -> Response:
    """What was decided, agreed or withdrawn in the proceedings."""
    known = (call.db, call.actor, call.key, claim_id, side_id, call.version)
    return sent(await handlers.record_court_result(*known, command, call.state))


side_routes(room, SideKind.LITIGATION, decide="claims.litigation.decide", granted=handlers.settled)
