"""Recoveries over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.recovery import handlers
from services.claims.recovery.schemas import OpenRecovery, RecordRecovered
from services.claims.side.routes import side_routes
from services.claims.side.rules import SideKind
from services.claims.side.schemas import SideOut
from shared.routing import Changes, Room, sent

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/recoveries", SideOut, may="claims.recovery.open")
async def open_recovery(claim_id: UUID, command: OpenRecovery, call: Changes) -> Response:
    """Recover from whoever owes the loss, or ask to give that up."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.open_recovery(*known, command, call.state))


@room.posts("/v1/claims/{claim_id}/recoveries/{side_id}/receipts", SideOut, may="claims.recovery.open")
async def record_recovered(claim_id: UUID, side_id: UUID, command: RecordRecovered, call: Changes) -> Response:
    """Money came in."""
    return sent(
        await handlers.record_recovered(call.db, call.actor, call.key, claim_id, side_id, call.version, command)
    )


side_routes(room, SideKind.RECOVERY, decide="claims.recovery.decide", granted=handlers.waived)
