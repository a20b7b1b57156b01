"""`/v1/jobs/{service}/{job_id}`: progress, results and the end of long work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from starlette.responses import Response, StreamingResponse

from shared.actor import Actor
from shared.audit import Entry, canonical
from shared.database import Database, Transaction
from shared.errors import NotFound, StateConflict
from shared.jobs import KEPT, JobOut, address_of, job_lines, jobs, shape
from shared.routing import Reads, Room, shown

NDJSON = "application/x-ndjson"
_WORKING = ("queued", "running")
_BATCH = 500


def job_routes(service: str, *, read: str, cancel: str) -> Room:
    """The routes of the jobs of `service` (the deployable's name); a job is seen where its caller acted, and above."""
    room = Room(tags=["job"])
    below = address_of(service, "{job_id}")

    @room.reads(below, JobOut, may=read)
    async def read_job(job_id: UUID, call: Reads) -> Response:
        async with call.db.transaction(call.actor) as tx:
            return shown(shape(service, await _find(tx, job_id)))

    @room.reads(f"{below}/results", None, may=read)
    async def read_job_results(job_id: UUID, call: Reads) -> Response:
        async with call.db.transaction(call.actor) as tx:
            job = await _find(tx, job_id)
        if job["state"] in _WORKING:
            raise StateConflict(current_state=job["state"], legal_moves=["succeeded", "failed", "cancelled"])
        headers = {"Cache-Control": "private, no-store"}
        return StreamingResponse(_results(call.db, call.actor, job_id), 200, headers, NDJSON)

    @room.deletes(below, JobOut, may=cancel)
    async def cancel_job(job_id: UUID, call: Reads) -> Response:
        async with call.db.transaction(call.actor) as tx:
            return shown(shape(service, await _cancelled(tx, job_id)))

    return room


async def _find(tx: Transaction, job_id: UUID) -> Mapping[str, Any]:
    row = (await tx.execute(select(jobs).where(jobs.c.id == job_id))).mappings().one_or_none()
    if row is None or (row["expires_at"] is not None and row["expires_at"] <= tx.now):
        raise NotFound()
    return row


async def _cancelled(tx: Transaction, job_id: UUID) -> Mapping[str, Any]:
    """The job without the rest of its lines; those done stay done. Cancelling twice is once."""
    ended = {"state": "cancelled", "updated_at": tx.now, "expires_at": tx.now + KEPT}
    statement = update(jobs).where(jobs.c.id == job_id, jobs.c.state.in_(_WORKING)).values(**ended)
    row = (await tx.execute(statement.returning(*jobs.c))).mappings().one_or_none()
    if row is None:
        row = await _find(tx, job_id)
        if row["state"] != "cancelled":
            raise StateConflict(current_state=row["state"], legal_moves=[])
        return row
    entry = Entry(
        action="cancel", object_type="job", object_id=job_id, org_path=row["org_path"], in_history=False,
    )  # fmt: skip
    tx.note_act(entry)
    return row


async def _results(database: Database, actor: Actor, job_id: UUID) -> AsyncIterator[str]:
    """`{"line": n, "status": …, "data" | "problem": …}` for each line that was carried out, in their order."""
    after = 0
    while True:
        lines = job_lines.c
        mine = select(lines.n, lines.result).where(lines.job_id == job_id, lines.n > after, lines.result.is_not(None))
        async with database.transaction(actor) as tx:
            rows = (await tx.execute(mine.order_by(lines.n).limit(_BATCH))).all()
        if not rows:
            return
        yield "".join(f"{canonical({'line': n, **result})}\n" for n, result in rows)
        after = rows[-1].n
