"""Statistics of loss prevention over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from services.risk.statistics import handlers
from services.risk.statistics.rules import GroupKey
from services.risk.statistics.schemas import StatisticsOut
from shared.routing import Reads, Room, shown

room = Room(tags=["risk-statistics"])


@room.reads("/v1/risk/statistics", StatisticsOut, may="risk.statistics.read")
async def read_risk_statistics(
    call: Reads,
    group_by: GroupKey = GroupKey.UNIT,
    from_on: Annotated[date | None, Query(alias="from")] = None,
    to_on: Annotated[date | None, Query(alias="to")] = None,
    unit_code: Annotated[str | None, Query(max_length=20)] = None,
) -> Response:
    """Completion, rectification, what is overdue by class, and probable maximum loss, by unit, central or branch."""
    async with call.db.transaction(call.actor) as tx:
        return shown(await handlers.statistics(tx, group_by, from_on, to_on, unit_code))
