"""The inbox of one database as the gateway asks for it: a page in the one order of all inboxes, and counts.

What is due on an earlier day comes first, within the day what has priority (a key account moves up, never around what
falls due before it), then by the moment, and what has no due time last. All services order alike, so that the gateway
merges their pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import Date, Select, case, cast, false, func, literal, literal_column, or_, select, tuple_
from starlette.responses import Response

from shared import open_tasks
from shared.authority import covers
from shared.clock import legal_day
from shared.database import Transaction, path_range
from shared.directory import directory_units
from shared.ids import Id
from shared.routing import Reads, Room, shown
from shared.work_items import WorkItemOut, shape, work_items

MAY = "organisation.work_item.read"
MOST = 500
GROUPS = {"unit": "unit_code", "person": "assignee_person_id", "kind": "kind"}
NORMAL = "normal"

UnitsBelow = Callable[[str], Select[Any]]
"""The codes of the units at or below a path."""

_C = work_items.c
_NEVER = literal_column("'infinity'::timestamptz")
_DUE = func.coalesce(_C.due_at, _NEVER)
_ORDER = (
    cast(func.timezone("Asia/Shanghai", _DUE), Date), case((_C.priority == NORMAL, 1), else_=0), _DUE, _C.id,
)  # fmt: skip


class ItemsAsked(BaseModel):
    """Filters; a repeated one is an alternative, different ones must all hold. `after_…`: the last item seen."""

    kind: list[str] = Field(default=[], max_length=100)
    person_id: list[UUID] = Field(default=[], max_length=100)
    nobody: bool = Field(default=False, description="Also what is addressed to nobody in person.")
    unit_path: list[str] = Field(default=[], max_length=100, description="Work of units at or below one of them.")
    due_before: AwareDatetime | None = None
    overdue: bool | None = None
    after_id: UUID | None = None
    after_due: AwareDatetime | None = None
    after_priority: str = NORMAL
    limit: int = Field(default=MOST, ge=1, le=MOST)


class WorkItemsOut(BaseModel):
    items: list[WorkItemOut]


class CountsAsked(ItemsAsked):
    group_by: list[str] = Field(default=["unit"], min_length=1)


class ItemCountOut(BaseModel):
    """Open items of one group; only the members asked for name it."""

    unit_code: str | None = None
    assignee_person_id: Id | None = None
    kind: str | None = None
    open: int
    overdue: int


class ItemCountsOut(BaseModel):
    items: list[ItemCountOut]


def codes_below(path: str) -> Select[Any]:
    """From a service's own copy of the tree."""
    return select(directory_units.c.code).where(path_range(directory_units.c.path, path))


def place_of(due_at: datetime | None, priority: str, item_id: str) -> tuple[Any, ...]:
    """Where an item stands in the one order of all inboxes."""
    rank = int(priority == NORMAL)
    return (due_at is None, "" if due_at is None else legal_day(due_at).isoformat(), rank, due_at or 0, item_id)


def _meant(tx: Transaction, asked: ItemsAsked, below: UnitsBelow) -> list[Any]:
    conditions: list[Any] = [_C.closed_at.is_(None)]
    if asked.kind:
        conditions.append(_C.kind.in_(asked.kind))
    if asked.person_id or asked.nobody:
        conditions.append(or_(_C.person_id.in_(asked.person_id), _C.person_id.is_(None) if asked.nobody else false()))
    if asked.unit_path:
        conditions.append(or_(*(_C.unit_code.in_(below(path)) for path in asked.unit_path)))
    if asked.due_before is not None:
        conditions.append(_C.due_at < asked.due_before)
    if asked.overdue is not None:
        late = _C.due_at < tx.now
        conditions.append(late if asked.overdue else or_(_C.due_at.is_(None), ~late))
    if asked.after_id is not None:
        due = _NEVER if asked.after_due is None else literal(asked.after_due, _C.due_at.type)
        day = cast(func.timezone("Asia/Shanghai", due), Date)
        conditions.append(
            tuple_(*_ORDER) > tuple_(day, literal(int(asked.after_priority == NORMAL)), due, asked.after_id)
        )
    return conditions


async def _reachable(tx: Transaction) -> list[tuple[str | None, Any]]:
    """Where the caller's items are: below his unit, and those addressed to him at records that lie elsewhere."""
    actor, grants = tx.actor, open_tasks.task_grants.c
    mine = select(grants.record_path).where(grants.person_id == actor.person_id, grants.closed_at.is_(None)).distinct()
    elsewhere = [path for path in await tx.scalars(mine) if not covers(path, actor.scope)]
    foreign = [(path, (_C.org_path == path) & (_C.person_id == actor.person_id)) for path in sorted(elsewhere)]
    return [(None, path_range(_C.org_path, actor.scope)), *foreign]


async def visible_items(
    tx: Transaction, asked: ItemsAsked | None = None, below: UnitsBelow = codes_below
) -> list[WorkItemOut]:
    """The first items that the caller may see and that are meant, in the one order. Leaves the caller's scope."""
    wanted = asked or ItemsAsked()
    meant, found = _meant(tx, wanted, below), list[WorkItemOut]()
    for path, place in await _reachable(tx):
        if path is not None:
            await tx.use_scope(path)
        statement = select(work_items).where(place, *meant).order_by(*_ORDER).limit(wanted.limit)
        found += [shape(row) for row in (await tx.execute(statement)).mappings()]
    found.sort(key=lambda one: place_of(one.due_at, one.priority, str(one.id)))
    return found[: wanted.limit]


async def visible_counts(
    tx: Transaction, asked: CountsAsked, below: UnitsBelow = codes_below
) -> list[Mapping[str, Any]]:
    """Open and overdue items of each group. Leaves the caller's scope."""
    columns = {"unit": _C.unit_code, "person": _C.person_id, "kind": _C.kind}
    named = [columns[one].label(GROUPS[one]) for one in asked.group_by]
    late = func.count().filter(_C.due_at < tx.now).label("overdue")
    meant, found = _meant(tx, asked, below), list[Mapping[str, Any]]()
    for path, place in await _reachable(tx):
        if path is not None:
            await tx.use_scope(path)
        statement = select(*named, func.count().label("open"), late).where(place, *meant)
        found += (await tx.execute(statement.group_by(*(columns[one] for one in asked.group_by)))).mappings().all()
    return found


def list_routes(room: Room) -> None:
    """`GET /internal/work-items` and `…/counts`; the caller's token decides what is in them."""

    @room.reads("/internal/work-items", WorkItemsOut, may=MAY)
    async def list_work_items(call: Reads, asked: Annotated[ItemsAsked, Query()]) -> Response:
        async with call.db.transaction(call.actor) as tx:
            return shown(WorkItemsOut(items=await visible_items(tx, asked)))

    @room.reads("/internal/work-items/counts", ItemCountsOut, may=MAY)
    async def count_work_items(call: Reads, asked: Annotated[CountsAsked, Query()]) -> Response:
        async with call.db.transaction(call.actor) as tx:
            rows = await visible_counts(tx, asked)
            return shown(ItemCountsOut(items=[ItemCountOut(**row) for row in rows]))
