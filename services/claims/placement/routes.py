"""The later match over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.placement import handlers
from services.claims.placement.schemas import PlaceClaim, PlacementOut
from shared.routing import Changes, Room, sent

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/policy-matches", PlacementOut, may="claims.claim.match")
async def match_policy(claim_id: UUID, command: PlaceClaim, call: Changes) -> Response:
    """Match a claim to its policy by the version in force at the loss, or give a claim at a desk to its unit."""
    return sent(await handlers.place_claim(call.db, call.actor, call.key, claim_id, call.version, command))
