"""Retention and destruction over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.claims.claim.rules import sees
from services.claims.claim.tables import Claim
from services.claims.retention import handlers, queries, shapes
from services.claims.retention.schemas import (
    DecideDestruction,
    DestructionOut,
    DestructionsOut,
    RequestDestruction,
    RetentionOut,
)
from shared import directory
from shared.clock import legal_day
from shared.errors import NotFound
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["claims"])


@room.reads("/v1/claims/retention", RetentionOut, may="claims.retention.read")
async def read_retention(
    call: Reads, on: date | None = None, unit_code: Annotated[str | None, Query(max_length=20)] = None,
    after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:  # fmt: skip
    """What a destruction would take today, or on another day, in the caller's scope; nothing is changed."""
    async with call.db.transaction(call.actor) as tx:
        unit = None if unit_code is None else await directory.unit_by_code(tx, unit_code)
        if unit_code is not None and (unit is None or not sees(call.actor, unit.path)):
            raise NotFound()
        return shown(await shapes.due(tx, on or legal_day(tx.now), limit, after, unit and unit.path))


@room.posts("/v1/claims/{claim_id}/file/destructions", DestructionOut, may="claims.destruction.request")
async def request_destruction(claim_id: UUID, command: RequestDestruction, call: Changes) -> Response:
    """Put a file whose days are over up for destruction."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.request_destruction(*known, command, call.state))


@room.posts(
    "/v1/claims/{claim_id}/file/destructions/{destruction_id}/decisions", DestructionOut,
    may="claims.destruction.decide",
)  # fmt: skip
async def decide_destruction(
    claim_id: UUID, destruction_id: UUID, command: DecideDestruction, call: Changes
) -> Response:
    """Confirm or reject what another person put up for destruction."""
    known = (call.db, call.actor, call.key, claim_id, destruction_id, call.version)
    return sent(await handlers.decide_destruction(*known, command, call.state))


@room.reads("/v1/claims/{claim_id}/file/destructions", DestructionsOut, may="claims.retention.read")
async def list_destructions(claim_id: UUID, call: Reads) -> Response:
    """Every request about the file of a claim."""
    async with call.db.transaction(call.actor) as tx:
        return shown(await shapes.destructions(tx, await tx.find(Claim, claim_id)))


@room.reads(
    "/v1/claims/{claim_id}/file/destructions/{destruction_id}", DestructionOut, may="claims.retention.read"
)  # fmt: skip
async def read_destruction(claim_id: UUID, destruction_id: UUID, call: Reads) -> Response:
    """One request about the file of a claim."""
    async with call.db.transaction(call.actor) as tx:
        claim = await tx.find(Claim, claim_id)
        row = await queries.request_of(tx, claim.id, destruction_id)
        return shown(shapes.destruction(row, claim), version=claim.version)
