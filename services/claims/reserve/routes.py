"""Registration and reserve over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.reserve import handlers
from services.claims.reserve.schemas import ChangeReserve, RegisterClaim, ReserveOut
from shared.routing import Changes, Room, sent

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/registrations", ReserveOut, may="claims.reserve.register")
async def register_claim(claim_id: UUID, command: RegisterClaim, call: Changes) -> Response:
    """Register the claim with its reserve; personal accident also without a survey, with the reason."""
    return sent(
        await handlers.register_claim(call.db, call.actor, call.key, claim_id, call.version, command, call.state)
    )


@room.posts("/v1/claims/{claim_id}/reserves", ReserveOut, may="claims.reserve.change")
async def change_reserve(claim_id: UUID, command: ChangeReserve, call: Changes) -> Response:
    """Set the reserve anew, with the reason."""
    return sent(
        await handlers.change_reserve(call.db, call.actor, call.key, claim_id, call.version, command, call.state)
    )
