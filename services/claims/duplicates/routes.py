"""Duplicates linked, accidents taken apart, over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.duplicates import handlers
from services.claims.duplicates.schemas import LinkClaim, LinkOut, SeparateAccident, SeparationOut
from shared.routing import Changes, Room, sent

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/links", LinkOut, may="claims.claim.link")
async def link_claim(claim_id: UUID, command: LinkClaim, call: Changes) -> Response:
    """Say that this claim tells of the same loss as another one, which is kept."""
    return sent(await handlers.link_claim(call.db, call.actor, call.key, claim_id, call.version, command))


@room.posts("/v1/claims/{claim_id}/accident-separations", SeparationOut, may="claims.accident.separate")
async def separate_accident(claim_id: UUID, command: SeparateAccident, call: Changes) -> Response:
    """Take a claim out of the accident that this one belongs to, with the reason why it is another accident."""
    return sent(await handlers.separate_accident(call.db, call.actor, call.key, claim_id, call.version, command))
