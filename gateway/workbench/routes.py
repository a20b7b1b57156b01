"""The inbox over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from gateway.workbench import handlers, queries, rules
from gateway.workbench.schemas import CountsOut, GroupedQuery, InboxItem, InboxOut, InboxQuery, ReassignmentsOut
from shared.routing import Creates, Reads, Room, sent, shown
from shared.work_moves import MAY as MAY_REASSIGN
from shared.work_moves import Reassign
from shared.work_views import MAY, ItemCountOut

room = Room(tags=["workbench"])


@room.reads("/v1/work-items", InboxOut, may=MAY)
async def list_work_items(request: Request, call: Reads, asked: Annotated[InboxQuery, Query()]) -> Response:
    """What has to be done, over all services, by legal due day and priority."""
    found = await queries.inbox(call, asked, request.query_params.multi_items())
    items = [InboxItem(**one) for one in found.items]
    return shown(InboxOut(items=items, next_cursor=found.next_cursor, partial=found.partial or None))


@room.reads("/v1/work-items/counts", CountsOut, may=MAY)
async def count_work_items(call: Reads, asked: Annotated[GroupedQuery, Query()]) -> Response:
    """How much is open and overdue, by unit, person and kind."""
    rows, partial = await queries.counts(call, asked, rules.groups_of(asked.group_by))
    return shown(CountsOut(items=[ItemCountOut(**one) for one in rows], partial=partial or None))


@room.posts("/v1/work-items/reassignments", ReassignmentsOut, may=MAY_REASSIGN, status=200)
async def reassign_work_items(command: Reassign, call: Creates) -> Response:
    """Give open work to another person or unit within the caller's scope; a result for each item."""
    return sent(await handlers.reassign(call, command))
