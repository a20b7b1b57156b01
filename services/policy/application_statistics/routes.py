"""Statistics of applications over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from services.policy.application.handlers import PATH
from services.policy.application_statistics import queries
from services.policy.application_statistics.schemas import StatisticsOut
from shared.routing import Reads, Room, shown

room = Room(tags=["applications"])
First = Annotated[date | None, Query(alias="from", description="First day of opening.")]
Last = Annotated[date | None, Query(alias="to", description="Last day of opening.")]
Kind = Literal["proposal", "endorsement", "cancellation"]


@room.reads(PATH + "/statistics", StatisticsOut, may="policy.statistics.read")
async def read_application_statistics(
    call: Reads, group_by: str = "unit", first: First = None, last: Last = None, kind: Kind | None = None
) -> Response:
    """How applications in the caller's scope were answered; the decline rate by unit, product and reason."""
    async with call.db.transaction(call.actor) as tx:
        items = await queries.counted(tx, queries.groups(group_by), first, last, kind)
        return shown(StatisticsOut(items=items))
