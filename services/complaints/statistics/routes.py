"""Statistics of complaints over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from services.complaints.statistics import queries, rules
from shared.routing import Reads, Room, shown

room = Room(tags=["complaints"])


class CountOut(BaseModel):
    period: str
    group: dict[str, str]
    count: int


class StatisticsOut(BaseModel):
    """Withdrawn and merged complaints are counted; the counts add up to `total`."""

    items: list[CountOut]
    total: int


def shape(keys: Sequence[rules.GroupKey], counts: Mapping[tuple[str, ...], int]) -> StatisticsOut:
    """The counts with the names of their keys."""
    items = [
        CountOut(period=name, group=dict(zip(map(str, keys), values, strict=True)), count=count)
        for (name, *values), count in counts.items()
    ]
    return StatisticsOut(items=items, total=sum(counts.values()))


@room.reads("/v1/complaints/statistics", StatisticsOut, may="complaints.statistics.read")
async def read_statistics(
    call: Reads,
    group_by: str = "unit",
    period: rules.Period = rules.Period.MONTH,
    from_on: Annotated[date | None, Query(alias="from")] = None,
    to_on: Annotated[date | None, Query(alias="to")] = None,
) -> Response:
    """Counts in the caller's scope by unit, cause, channel, product, outcome, stage or timeliness, and by period."""
    keys = rules.read_keys(group_by)
    async with call.db.transaction(call.actor) as tx:
        return shown(shape(keys, rules.group(await queries.rows(tx, from_on, to_on), keys, period)))
