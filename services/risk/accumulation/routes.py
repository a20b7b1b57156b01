"""Accumulations over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from services.risk.accumulation import handlers
from services.risk.accumulation.schemas import AccumulationsOut, PlaceQuery
from shared.routing import Reads, Room, shown

room = Room(tags=["accumulations"])


@room.reads("/v1/accumulations", AccumulationsOut, may="risk.accumulation.read")
async def read_accumulations(call: Reads, asked: Annotated[PlaceQuery, Query()]) -> Response:
    """What comes together around a point or site, at an address, or the greatest accumulations of a unit."""
    async with call.db.transaction(call.actor) as tx:
        return shown(await handlers.accumulations(tx, asked))
