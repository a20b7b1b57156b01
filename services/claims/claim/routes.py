"""Claims read: one, many."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.claims.claim import queries, shapes
from services.claims.claim.schemas import ClaimItem, ClaimOut
from services.claims.claim.tables import Claim
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Reads, Room, shown

room = Room(tags=["claims"])


@room.reads("/v1/claims", Page[ClaimItem], may="claims.claim.read", free_query=True)
async def list_claims(request: Request, call: Reads) -> Response:
    """Claims in the caller's scope, newest report first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.CLAIMS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.CLAIMS, asked, call.state.secret)
        return shown(shaped([shapes.item(row) for row in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/claims/{claim_id}", ClaimOut, may="claims.claim.read")
async def read_claim(claim_id: UUID, call: Reads) -> Response:
    """One claim with everything the caller may see, and what the caller may do with it."""
    async with call.db.transaction(call.actor) as tx:
        claim = await tx.find(Claim, claim_id)
        facts = await queries.facts_of(tx, claim, call.state)
        parts = await queries.parts_of(tx, facts, call.state)
        out = await shapes.alone(tx, facts, call.state.actions, call.language, **parts)
        return shown(out, version=claim.version)
