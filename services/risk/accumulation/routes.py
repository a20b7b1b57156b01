"""Accumulations over HTTP."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.risk.accumulation import handlers, rules
from services.risk.accumulation.handlers import Asked
from services.risk.accumulation.rules import Basis
from services.risk.accumulation.schemas import AccumulationsOut
from shared.routing import Reads, Room, shown

room = Room(tags=["accumulations"])
Degrees = Annotated[Decimal | None, Query(max_digits=9, decimal_places=6)]


@room.reads("/v1/accumulations", AccumulationsOut, may="risk.accumulation.read")
async def read_accumulations(
    call: Reads,
    within_km: Annotated[Decimal | None, Query(max_digits=7, decimal_places=3)] = None,
    lon: Degrees = None,
    lat: Degrees = None,
    site_id: UUID | None = None,
    address: Annotated[str | None, Query(min_length=3, max_length=300)] = None,
    basis: Basis = Basis.RADIUS,
    unit_code: Annotated[str | None, Query(max_length=20)] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> Response:
    """What comes together around a point or site, at an address, or the greatest accumulations of a unit."""
    asked = Asked(basis, within_km, rules.centre(lon, lat), site_id, address, unit_code, limit)
    async with call.db.transaction(call.actor) as tx:
        return shown(await handlers.accumulations(tx, asked))
