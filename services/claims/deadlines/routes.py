"""A longer period over HTTP; the deadlines themselves are shown with the claim."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.deadlines import handlers
from services.claims.deadlines.schemas import ComplexityOut, MarkComplex
from shared.routing import Changes, Room, sent

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/complexity", ComplexityOut, may="claims.deadline.extend")
async def record_complexity(claim_id: UUID, command: MarkComplex, call: Changes) -> Response:
    """The claimant was told why the claim takes longer than the short period of individual accident cover."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.record_complexity(*known, command, call.state))
