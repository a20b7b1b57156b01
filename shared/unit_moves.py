"""What lies at a unit follows it: when a unit moves or is merged, the current rows of a database follow, in slices.

Two tables carry it. `former_units` knows every path where a unit no longer lies, and where that leads now; it comes
out the same in whatever order the news arrives and however often. `unit_references` says of every column that names a
unit whether its rows follow (a record, an open task) or keep the path and code of their time (history, audit entries,
what was decided). What somebody wrote to an old path meanwhile is found by the next pass.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import Request
from pydantic import BaseModel
from sqlalchemy import Boolean, Column, DateTime, Row, Table, Text, column, delete, func, select, table, true, update
from sqlalchemy.dialects.postgresql import insert
from starlette.responses import Response

from shared.actor import machine
from shared.database import Transaction, path_range
from shared.kernel import kernel
from shared.routing import Reads, Room, shown
from shared.ticks import Tick

if TYPE_CHECKING:
    from shared.database import Database

SLICE = 500
"""Rows that one transaction moves: the parts of a record follow with it, so each may stand for some dozens."""

former_units = Table(
    "former_units", kernel, Column("path", Text, primary_key=True), Column("code", Text, nullable=False),
    Column("unit_code", Text, nullable=False), Column("leads_to", Text),
    Column("noted_at", DateTime(timezone=True), nullable=False),
)  # fmt: skip
"""Path and code of a unit's time; `unit_code` answers for it now, at the path `leads_to` (null: not known here yet)."""

unit_references = Table(
    "unit_references", kernel, Column("table_name", Text, primary_key=True),
    Column("column_name", Text, primary_key=True), Column("holds", Text, nullable=False),
    Column("follows", Boolean, nullable=False), Column("while_null", Text),
)  # fmt: skip


async def remember(tx: Transaction, *former: str, code: str, unit_code: str, path: str | None) -> bool:
    """What lay at the paths `former` of unit `code` belongs to `unit_code` now, which lies at `path`.

    Whatever led to `code` before leads there too; a path where the unit lies again is no former one. False where
    nothing has to follow.
    """
    gone = former_units.c
    for one in former:
        row = {"path": one, "code": code, "unit_code": unit_code, "leads_to": path, "noted_at": tx.now}
        newer = {"unit_code": unit_code, "leads_to": path}
        await tx.execute(insert(former_units).values(**row).on_conflict_do_update(index_elements=["path"], set_=newer))
    led = update(former_units).where(gone.unit_code.in_((code, unit_code)))
    leads = (await tx.execute(led.values(unit_code=unit_code, leads_to=path))).rowcount
    if leads and path is not None:
        await tx.execute(delete(former_units).where(gone.path == path))
    return leads > 0 and path is not None


async def follow(tx: Transaction, limit: int = SLICE) -> int:
    """Bring at most `limit` current rows to where their unit lies now; how many moved. Wants scope `00`.

    A row that somebody else is changing is left to the next pass, so that nobody waits.
    """
    references = unit_references.c
    ordered = select(unit_references).where(references.follows).order_by(references.table_name, references.column_name)
    moved = 0
    for reference in (await tx.execute(ordered)).all():
        if moved < limit:
            moved += await _rewrite(tx, reference, limit - moved)
    return moved


async def _rewrite(tx: Transaction, reference: Row, limit: int) -> int:
    gone, by_path = former_units.c, reference.holds == "path"
    names = {reference.column_name, "ctid", *([reference.while_null] if reference.while_null else [])}
    rows = table(reference.table_name, *(column(name) for name in sorted(names)))
    # one probe of the index for each former path, never a walk over the table
    if by_path:
        leads = select(gone.path.label("was"), gone.leads_to.label("now")).where(gone.leads_to.is_not(None))
    else:
        leads = select(gone.code.label("was"), gone.unit_code.label("now")).where(gone.code != gone.unit_code)
    led = leads.distinct().subquery("led")
    current = select(rows.c.ctid).where(rows.c[reference.column_name] == led.c.was)
    if reference.while_null:
        current = current.where(rows.c[reference.while_null].is_(None))
    probe = current.limit(limit).with_for_update(skip_locked=True).lateral("probe")
    stale = select(probe.c.ctid, led.c.now).select_from(led).join(probe, true()).limit(limit).cte("stale")
    change = update(rows).where(rows.c.ctid == stale.c.ctid).values({reference.column_name: stale.c.now})
    return (await tx.execute(change)).rowcount


async def follow_all(database: Database, _limit: int) -> int:
    """One slice of what has not followed yet, in a transaction of its own: the tick of every worker."""
    async with database.transaction(machine(database.service)) as tx:
        return await follow(tx)


FOLLOWING = Tick("units_followed", timedelta(minutes=1), follow_all)


class RecordCountOut(BaseModel):
    table: str
    count: int


class RecordCountsOut(BaseModel):
    items: list[RecordCountOut]


async def records_below(tx: Transaction, path: str) -> list[RecordCountOut]:
    """How many rows at or below `path` would follow a move, by table; tables without any are left out."""
    references = unit_references.c
    paths = select(unit_references).where(references.follows, references.holds == "path")
    found = []
    for one in (await tx.execute(paths.order_by(references.table_name, references.column_name))).all():
        rows = table(one.table_name, *(column(name) for name in {one.column_name, one.while_null} if name))
        counted = select(func.count()).select_from(rows)
        counted = counted.where(path_range(rows.c[one.column_name], path))
        if one.while_null:
            counted = counted.where(rows.c[one.while_null].is_(None))
        if one.column_name == "org_path" and (count := await tx.scalar(counted)):
            found.append(RecordCountOut(table=one.table_name, count=count))
    return found


def unit_record_routes() -> Room:
    """`GET /internal/unit-records`: what the gateway shows before a unit is moved; the token's scope is the unit."""
    room = Room(include_in_schema=False)

    @room.reads("/internal/unit-records", RecordCountsOut, may="organisation.unit.read", free_query=True)
    async def count_unit_records(call: Reads, _request: Request) -> Response:
        async with call.db.transaction(call.actor) as tx:
            return shown(RecordCountsOut(items=await records_below(tx, call.actor.scope)))

    return room
