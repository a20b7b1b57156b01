"""The inbox over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from gateway.workbench import queries, rules
from gateway.workbench.schemas import CountOut, CountsOut, InboxOut, InboxQuery
from shared.routing import Reads, Room, shown
from shared.work_items import WorkItemOut

room = Room(tags=["workbench"])

GroupBy = Annotated[str, Query(description="`unit`, `person`, `kind`, or several of them with commas.")]


@room.reads("/v1/work-items", InboxOut, may=queries.MAY)
async def list_work_items(call: Reads, asked: Annotated[InboxQuery, Query()]) -> Response:
    """What has to be done, over all services, by due time."""
    found = await queries.inbox(call, asked)
    items = [WorkItemOut(**one) for one in found.items]
    return shown(InboxOut(items=items, partial=found.partial or None, truncated=found.truncated or None))


@room.reads("/v1/work-items/counts", CountsOut, may=queries.MAY)
async def count_work_items(call: Reads, group_by: GroupBy = "unit") -> Response:
    """How much is open and overdue, by unit, person and kind."""
    groups = rules.groups_of(group_by)
    found = await queries.inbox(call, queries.InboxQuery())
    rows = [CountOut(**one) for one in rules.counted(found.items, groups, found.now)]
    return shown(CountsOut(items=rows, partial=found.partial or None, truncated=found.truncated or None))
