"""Losses and calculation sheets over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.adjustment import handlers, queries, shapes
from services.claims.adjustment.schemas import AssessLosses, LossesOut, SheetsOut
from services.claims.claim.tables import Claim
from shared import directory
from shared.errors import NotFound
from shared.routing import Edits, Reads, Room, sent, shown

room = Room(tags=["claims"])


@room.puts("/v1/claims/{claim_id}/losses", LossesOut, may="claims.adjustment.assess")
async def assess_losses(claim_id: UUID, command: AssessLosses, call: Edits) -> Response:
    """Record the assessed facts; every version stays."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.assess_losses(*known, command, call.state))


@room.reads("/v1/claims/{claim_id}/losses", LossesOut, may="claims.claim.read")
async def read_losses(claim_id: UUID, call: Reads) -> Response:
    """The assessment in force; 404 while there is none."""
    async with call.db.transaction(call.actor) as tx:
        claim = await tx.find(Claim, claim_id)
        row = await queries.newest_losses(tx, claim.id)
        if row is None:
            raise NotFound()
        staff = await directory.staff_numbers(tx, [row.person_id])
        return shown(shapes.losses(row, claim, call.actor, staff.get(row.person_id, "")), version=claim.version)


@room.reads("/v1/claims/{claim_id}/calculation-sheets", SheetsOut, may="claims.claim.read")
async def list_calculation_sheets(claim_id: UUID, call: Reads) -> Response:
    """Every sheet of the claim, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        claim = await tx.find(Claim, claim_id)
        return shown(SheetsOut(items=await shapes.sheets(tx, claim)), version=claim.version)
