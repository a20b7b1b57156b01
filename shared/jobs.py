"""Long work: one JSON document per line, spooled before the answer, carried out line by line in the worker.

A line's effect, its result and the job's progress are one transaction, in the scope and name of the person who started
the job. So a crash resumes at the first line without a result and doubles none; a line that is refused stops no other.

    answer = await spool(tx, "policy_import", request.stream(), {"batch_id": …}, max_bytes=200 * 1024 * 1024)
    loops=(running({"policy_import": import_policy}),)     in the worker (shared/job_runner.py)
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Column, DateTime, Integer, Table, Text, Uuid, insert
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from shared.actor import Actor, claims_of
from shared.audit import canonical
from shared.clock import Instant
from shared.database import Transaction
from shared.errors import BodyTooLarge, Refused
from shared.errors import Text as Words
from shared.idempotency import Answer
from shared.ids import Id, uuid7
from shared.kernel import kernel

KEPT = timedelta(days=7)
"""How long a finished job and its results can be read."""
MAX_LINE_BYTES = 1024 * 1024
MAX_LINES = 1_000_000
_BATCH_LINES = 500
_BATCH_BYTES = 4 * 1024 * 1024
_LOOK_AGAIN_S = "5"

# A slow sender may pause longer inside this one transaction than others may.
_PATIENT = sql("select set_config('idle_in_transaction_session_timeout', '60s', true)")

jobs = Table(
    "jobs",
    kernel,
    Column("id", Uuid, primary_key=True),
    Column("org_path", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("actor", JSONB, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("problem", JSONB(none_as_null=True), nullable=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=True),
)
job_lines = Table(
    "job_lines",
    kernel,
    Column("job_id", Uuid, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("line", Text, nullable=True),
    Column("result", JSONB(none_as_null=True), nullable=True),
)


class JobEmpty(Refused):
    code = "job_empty"
    title = Words("没有内容", "Nothing to do")
    detail = Words("请求体中没有任何一行。", "The body holds no line.")


class JobLineTooLong(Refused):
    """Members: `line` (counted from 1) and `max_bytes`."""

    code = "job_line_too_long"
    title = Words("单行过长", "A line is too long")
    detail = Words("第 {line} 行超过 {max_bytes} 字节。", "Line {line} exceeds {max_bytes} bytes.")


class JobTooManyLines(Refused):
    """Member: `max_lines`."""

    code = "job_too_many_lines"
    title = Words("行数过多", "Too many lines")
    detail = Words("最多 {max_lines} 行，请分批发送。", "At most {max_lines} lines; send them in parts.")


class ProgressOut(BaseModel):
    done: int
    total: int
    failed: int


class JobOut(BaseModel):
    """`result_url` with `expires_at`, or `problem`, once the job has ended."""

    id: Id
    state: str
    progress: ProgressOut
    result_url: str | None = None
    expires_at: Instant | None = None
    problem: dict[str, Any] | None = None


def address_of(service: str, job_id: UUID | str) -> str:
    """Where a job is read: `/v1/jobs/{service}/{job_id}`; the gateway's own jobs are those of the organisation."""
    return f"/v1/jobs/{'organisation' if service == 'gateway' else service}/{job_id}"


def shape(service: str, row: Mapping[str, Any]) -> JobOut:
    """A job as it is shown."""
    progress = ProgressOut(done=row["done"], total=row["total"], failed=row["failed"])
    ended = row["expires_at"] is not None
    url = f"{address_of(service, row['id'])}/results" if ended and row["problem"] is None else None
    return JobOut(
        id=row["id"], state=row["state"], progress=progress, result_url=url, expires_at=row["expires_at"],
        problem=row["problem"],
    )  # fmt: skip


async def spool(
    tx: Transaction, kind: str, body: AsyncIterator[bytes], payload: Mapping[str, Any], max_bytes: int
) -> Answer:
    """Store the NDJSON of `body` as a job of this `kind` and answer 202 with the job.

    A line that is not JSON gets its own result later. Raises `JobEmpty`, `JobLineTooLong`, `JobTooManyLines` and
    `BodyTooLarge`; then nothing is stored. Empty lines at the end do not count.
    """
    job_id, total = uuid7(), 0
    await tx.execute(_PATIENT)
    async for batch in _batches(_texts(lines_of(body, max_bytes))):
        total = await _store(tx, job_id, total, batch)
    if total == 0:
        raise JobEmpty()
    return _answer(tx, await _queue(tx, job_id, kind, payload, total))


async def enqueue(
    tx: Transaction, kind: str, documents: Iterable[Mapping[str, Any]], payload: Mapping[str, Any]
) -> Answer:
    """A job whose documents the service itself has made (an export: one document), answered like `spool`.

    Raises `JobEmpty` where there is none.
    """
    return _answer(tx, await queue(tx, kind, documents, payload))


async def queue(
    tx: Transaction, kind: str, documents: Iterable[Mapping[str, Any]], payload: Mapping[str, Any],
    actor: Actor | None = None,
) -> Mapping[str, Any]:  # fmt: skip
    """`enqueue` without the answer; the job's row. `actor`: in whose name and scope, within the transaction's."""
    job_id, lines = uuid7(), [canonical(one) for one in documents]
    if not lines:
        raise JobEmpty()
    total = 0
    for start in range(0, len(lines), _BATCH_LINES):
        total = await _store(tx, job_id, total, lines[start : start + _BATCH_LINES])
    return await _queue(tx, job_id, kind, payload, total, actor)


async def _store(tx: Transaction, job_id: UUID, before: int, batch: Sequence[str]) -> int:
    total = before + len(batch)
    if total > MAX_LINES:
        raise JobTooManyLines(max_lines=MAX_LINES)
    rows = [{"job_id": job_id, "n": n, "line": line} for n, line in enumerate(batch, before + 1)]
    await tx.execute(insert(job_lines), rows)
    return total


async def _queue(
    tx: Transaction, job_id: UUID, kind: str, payload: Mapping[str, Any], total: int, actor: Actor | None = None
) -> Mapping[str, Any]:
    who = actor or tx.actor
    row: dict[str, Any] = {
        "id": job_id, "org_path": who.scope, "kind": kind, "state": "queued", "person_id": who.person_id,
        "actor": claims_of(who), "payload": json.loads(canonical(payload)), "done": 0, "total": total, "failed": 0,
        "problem": None, "created_at": tx.now, "updated_at": tx.now, "expires_at": None,
    }  # fmt: skip
    await tx.execute(insert(jobs).values(**row))
    return row


def _answer(tx: Transaction, row: Mapping[str, Any]) -> Answer:
    service = tx.database.service
    answer = tx.answer(shape(service, row), status=202, location=address_of(service, row["id"]))
    if not tx.dry_run and isinstance(answer.headers, dict):
        answer.headers["Retry-After"] = _LOOK_AGAIN_S
    return answer


async def lines_of(body: AsyncIterator[bytes], max_bytes: int) -> AsyncIterator[bytes]:
    """The lines of a stream without their ends. Raises `BodyTooLarge` and `JobLineTooLong` as soon as it is so."""
    kept, size, n = bytearray(), 0, 1
    async for chunk in body:
        size += len(chunk)
        if size > max_bytes:
            raise BodyTooLarge(max_bytes=max_bytes)
        first, *others = chunk.split(b"\n")
        kept += first
        for other in others:
            yield _short(kept, n)
            kept, n = bytearray(other), n + 1
        _short(kept, n)
    if kept:
        yield bytes(kept)


def _short(line: bytearray, n: int) -> bytes:
    if len(line) > MAX_LINE_BYTES:
        raise JobLineTooLong(line=n, max_bytes=MAX_LINE_BYTES)
    return bytes(line)


async def _texts(lines: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """Each line as it can be stored; one that is no UTF-8 becomes empty, which is no JSON either."""
    empty = 0
    async for line in lines:
        text = _readable(line)
        if not text and not line.strip():
            empty += 1
            continue
        for _ in range(empty):
            yield ""
        empty = 0
        yield text


def _readable(line: bytes) -> str:
    try:
        text = line.decode("utf-8").strip()
    except UnicodeDecodeError:
        return ""
    return "" if "\0" in text else text


async def _batches(texts: AsyncIterator[str]) -> AsyncIterator[list[str]]:
    batch: list[str] = []
    size = 0
    async for text in texts:
        batch.append(text)
        size += len(text)
        if len(batch) >= _BATCH_LINES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
