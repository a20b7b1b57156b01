"""Statistics of complaints over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from services.complaints.statistics import handlers, rules
from services.complaints.statistics.queries import Wanted
from services.complaints.statistics.schemas import StatisticsOut
from shared.routing import Reads, Room, shown

room = Room(tags=["complaints"])


@room.reads("/v1/complaints/statistics", StatisticsOut, may="complaints.statistics.read")
async def read_statistics(
    call: Reads,
    group_by: Annotated[str, Query(max_length=100)] = "unit",
    period: rules.Period = rules.Period.MONTH,
    from_on: Annotated[date | None, Query(alias="from")] = None,
    to_on: Annotated[date | None, Query(alias="to")] = None,
    unit_code: Annotated[str | None, Query(max_length=20)] = None,
) -> Response:
    """Counts in scope by branch, central, unit, cause, stage, channel, product, outcome, salesperson or timeliness, and
    by day, week or month of receipt; each with the list of the complaints behind it."""
    wanted = Wanted(rules.read_keys(group_by), period, from_on, to_on)
    async with call.db.transaction(call.actor) as tx:
        return shown(await handlers.statistics(tx, wanted, unit_code))
