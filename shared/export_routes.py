"""The routes of a service's exports: ask for a table, see how far it is, agree to it, take it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select
from starlette.responses import Response

from shared.clock import Instant
from shared.database import Transaction
from shared.downloads import disposition
from shared.errors import NotFound, StateConflict
from shared.export_files import MEDIA_TYPES
from shared.exports import (
    Collections,
    DecideTable,
    ExportApprovalMissing,
    RequestTable,
    decide,
    exports,
    find,
    note,
    request,
)
from shared.ids import Id
from shared.jobs import JobOut, jobs, shape
from shared.routing import Creates, Reads, Room, sent, shown
from shared.rule_sets import in_force


class TableExportOut(BaseModel):
    """`state`: `waiting` for a second person, `queued`, `made` or `rejected`. The file is for whoever asked alone."""

    id: Id
    created_at: Instant
    collection: str
    filters: dict[str, Any]
    columns: list[str]
    format: str
    purpose: str
    row_count: int
    state: str
    expires_at: Instant
    job: JobOut | None = None
    decided_at: Instant | None = None
    decision_reason: str | None = None
    made_at: Instant | None = None
    sha256: str | None = None
    file_url: str | None = None


async def _shown(tx: Transaction, row: Mapping[str, Any]) -> TableExportOut:
    service, job = tx.database.service, None
    if row.get("job_id") is not None:
        job = (await tx.execute(select(jobs).where(jobs.c.id == row["job_id"]))).mappings().one_or_none()
    own = row["state"] == "made" and row["person_id"] == tx.actor.person_id and row["expires_at"] > tx.now
    names = ("sha256", "job")
    plain: dict[str, Any] = {name: row.get(name) for name in TableExportOut.model_fields if name not in names}
    plain["file_url"] = f"/v1/exports/{service}/{row['id']}/file" if own else None
    return TableExportOut(
        **plain,
        job=None if job is None else shape(service, job),
        sha256=bytes(row["sha256"]).hex() if row.get("sha256") else None,
    )  # fmt: skip


async def _given_out(tx: Transaction, export_id: UUID) -> Response:
    """The file, to whoever asked for it alone; each time is an audit entry."""
    row = await find(tx, export_id)
    if row["state"] == "waiting":
        limits = (await in_force(tx, "exports")).content
        raise ExportApprovalMissing(second_person_above=limits["second_person_above"])
    if row["state"] != "made":
        raise StateConflict(current_state=row["state"], legal_moves=["made"] if row["state"] == "queued" else [])
    content = await tx.scalar(select(exports.c.content).where(exports.c.id == export_id))
    if content is None or row["expires_at"] <= tx.now:
        raise NotFound()
    note(tx, "take_export", row, after={"rows": row["row_count"]})
    headers = {
        "Content-Disposition": disposition(f"{row['collection']}-{row['id']}.{row['format']}"),
        "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store",
    }  # fmt: skip
    return Response(content, 200, headers, media_type=MEDIA_TYPES[row["format"]])


def export_routes(service: str, collections: Collections) -> Room:
    """`/v1/exports/{service}` and what lies below it."""
    room, below = Room(tags=["exports"]), f"/v1/exports/{service}"
    ask, approve = f"{service}.export.request", f"{service}.export.approve"

    @room.posts(below, TableExportOut, may=ask, status=202)
    async def request_table(command: RequestTable, call: Creates) -> Response:
        """Ask for a table; many rows wait for a second person, a job makes the rest."""
        async with call.db.transaction(call.actor, call.key) as tx:
            row = await request(tx, collections, command)
            return sent(tx.answer(await _shown(tx, row), status=202, location=f"{below}/{row['id']}"))

    @room.reads(f"{below}/{{export_id}}", TableExportOut, may=ask)
    async def read_table(export_id: UUID, call: Reads) -> Response:
        """What was asked for, and how far it is: to whoever asked, and to whoever may agree."""
        async with call.db.transaction(call.actor) as tx:
            return shown(await _shown(tx, await find(tx, export_id, approve=approve)))

    @room.reads(f"{below}/{{export_id}}/file", None, may=ask)
    async def take_table(export_id: UUID, call: Reads) -> Response:
        """The file."""
        async with call.db.transaction(call.actor) as tx:
            return await _given_out(tx, export_id)

    @room.posts(f"{below}/{{export_id}}/approvals", TableExportOut, may=approve)
    async def decide_table(export_id: UUID, command: DecideTable, call: Creates) -> Response:
        """The second person's decision."""
        async with call.db.transaction(call.actor, call.key) as tx:
            row = await decide(tx, export_id, command, approve)
            return sent(tx.answer(await _shown(tx, row), location=f"{below}/{export_id}"))

    return room
