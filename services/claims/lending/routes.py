"""Loans over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.lending import handlers
from services.claims.lending.schemas import LendFile, LoanOut, ReturnFile
from shared.routing import Changes, Room, sent

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/file/loans", LoanOut, may="claims.file.lend")
async def lend_file(claim_id: UUID, command: LendFile, call: Changes) -> Response:
    """Lend the volume to a colleague."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.lend_file(*known, command, call.state))


@room.posts("/v1/claims/{claim_id}/file/returns", LoanOut, may="claims.file.return")
async def return_file(claim_id: UUID, command: ReturnFile, call: Changes) -> Response:
    """The volume came back."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.return_file(*known, command, call.state))
