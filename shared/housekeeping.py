"""What nobody can use any more goes: old answers, old jobs, uploads without a record, files without a row.

Rows of the inbox stay: as long as an event can be played back, they are what keeps its effect single.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, select, tuple_

from shared.actor import machine
from shared.attachments import UPLOAD, UPLOAD_LIVES, attachments
from shared.database import Database
from shared.file_store import in_worker, path_of, settled, stale_parts
from shared.idempotency import stored_answers
from shared.jobs import job_lines, jobs
from shared.ticks import Tick

log = structlog.get_logger()

EVERY = timedelta(minutes=10)


def housekeeping(attachments_dir: Path) -> Tick:
    """The tick of a deployable. What the database keeps goes by the movable clock, stray files by the machine's."""

    async def sweep(database: Database, limit: int) -> int:
        folder = attachments_dir / database.service
        done = await expired_answers(database, limit)
        done += await expired_jobs(database, limit)
        done += await unused_uploads(database, folder, limit)
        return done + await stray_files(database, folder, limit)

    return Tick("housekeeping", EVERY, sweep)


async def expired_answers(database: Database, limit: int) -> int:
    """Delete up to `limit` answers whose keys are over."""
    answers = stored_answers.c
    key = (answers.caller, answers.route, answers.key)
    async with database.transaction(machine(database.service)) as tx:
        over = select(*key).where(answers.expires_at <= tx.now).order_by(answers.expires_at).limit(limit)
        gone = await tx.execute(delete(stored_answers).where(tuple_(*key).in_(over)))
        return gone.rowcount


async def expired_jobs(database: Database, limit: int) -> int:
    """Delete up to `limit` lines of jobs whose results are over, then the jobs that have no line left."""
    lines, key = job_lines.c, (job_lines.c.job_id, job_lines.c.n)
    async with database.transaction(machine(database.service)) as tx:
        over = await tx.scalars(select(jobs.c.id).where(jobs.c.expires_at <= tx.now).order_by(jobs.c.id).limit(limit))
        if not over:
            return 0
        first = select(*key).where(lines.job_id.in_(over)).limit(limit)
        gone = (await tx.execute(delete(job_lines).where(tuple_(*key).in_(first)))).rowcount
        left = select(lines.job_id).where(lines.job_id == jobs.c.id).exists()
        return gone + (await tx.execute(delete(jobs).where(jobs.c.id.in_(over), ~left))).rowcount


async def unused_uploads(database: Database, folder: Path, limit: int) -> int:
    """Delete up to `limit` uploads that found no record in time: the rows first, so that no row lacks its file."""
    files = attachments.c
    async with database.transaction(machine(database.service)) as tx:
        unused = (files.record_type == UPLOAD, files.record_id.is_(None), files.created_at <= tx.now - UPLOAD_LIVES)
        over = select(files.id).where(*unused).order_by(files.created_at).limit(limit).with_for_update(skip_locked=True)
        rows = await tx.execute(delete(attachments).where(files.id.in_(over), *unused).returning(files.id))
        gone = [row.id for row in rows]
    await in_worker(_unlink, [path_of(folder, one) for one in gone])
    return len(gone)


async def stray_files(database: Database, folder: Path, limit: int) -> int:
    """Delete up to `limit` files that no row will ever name: drafts that broke off, files whose commit failed."""
    parts = (await in_worker(stale_parts, folder))[:limit]
    placed = await in_worker(settled, folder)
    orphans = (await _without_row(database, placed))[:limit]
    if orphans:
        log.warning("files_without_row", service=database.service, count=len(orphans))
    await in_worker(_unlink, parts + [path_of(folder, one) for one in orphans])
    return len(parts) + len(orphans)


async def _without_row(database: Database, ids: Sequence[UUID]) -> list[UUID]:
    known: set[Any] = set()
    async with database.transaction(machine(database.service)) as tx:
        for start in range(0, len(ids), 1000):
            some = select(attachments.c.id).where(attachments.c.id.in_(ids[start : start + 1000]))
            known.update(await tx.scalars(some))
    return [one for one in ids if one not in known]


def _unlink(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
