"""Claims read: one, many, searched for, told in order; and withdrawn."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.claims.claim import handlers, queries, shapes
from services.claims.claim.schemas import CancelClaim, ClaimItem, ClaimOut, FactOut, SearchClaims, TimelineOut
from services.claims.claim.tables import Claim
from shared import directory
from shared.pagination import Asked, Page, page, read_query, shaped
from shared.routing import Changes, Reads, Room, sent, shown

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


@room.reads("/v1/claims/{claim_id}/timeline", TimelineOut, may="claims.claim.read")
async def read_timeline(claim_id: UUID, call: Reads) -> Response:
    """What happened to the claim, in the order in which it happened."""
    async with call.db.transaction(call.actor) as tx:
        claim = await tx.find(Claim, claim_id)
        return shown(TimelineOut(items=await shapes.timeline(tx, claim, call.state)))


@room.posts("/v1/claims/searches", Page[ClaimItem], may="claims.claim.read", status=200)
async def search_claims(command: SearchClaims, call: Reads) -> Response:
    """Claims by what must not stand in an address: names, phones, identity numbers."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, command.unit_code)
        asked = _with_persons(read_query(queries.CLAIMS, command.plain(), paths.get), command, call.state.digest_key)
        rows, cursor, total = await page(tx, queries.CLAIMS, asked, call.state.secret)
        return shown(shaped([shapes.item(row) for row in rows], cursor, total))


def _with_persons(asked: Asked, command: SearchClaims, digest_key: bytes) -> Asked:
    """The same question with its personal criteria; a cursor of other persons does not fit."""
    wanted = command.personal()
    told = hashlib.sha256(json.dumps([asked.fingerprint, sorted(wanted.items())]).encode()).hexdigest()[:16]
    return replace(
        asked, condition=[*asked.condition, *queries.personal_conditions(wanted, digest_key)], fingerprint=told
    )


@room.posts("/v1/claims/{claim_id}/cancellations", FactOut, may="claims.claim.cancel")
async def cancel_claim(claim_id: UUID, command: CancelClaim, call: Changes) -> Response:
    """Withdraw a report that led to nothing, with its reason."""
    return sent(await handlers.cancel_claim(call.db, call.actor, call.key, claim_id, call.version, command))
