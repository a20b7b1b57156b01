"""First notice of loss over HTTP."""

from __future__ import annotations

from starlette.responses import Response

from services.claims.intake import handlers
from services.claims.intake.schemas import ReportClaim, ReportOut
from shared.routing import Creates, Room, sent

room = Room(tags=["claims"])


@room.posts("/v1/claims", ReportOut, may="claims.intake.report")
async def report_claim(command: ReportClaim, call: Creates) -> Response:
    """Take a first notice of loss, at any hour, for any policy, also one that nobody can find."""
    digest_key = call.state.digest_key
    return sent(await handlers.report_claim(call.db, call.actor, call.key, command, digest_key))
