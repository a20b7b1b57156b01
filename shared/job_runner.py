"""Carrying out jobs: one process per database, a line at a time, the jobs by turns."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from prometheus_client import Counter
from pydantic import ValidationError
from sqlalchemy import select, update

from shared.actor import machine
from shared.actor import read as actor_of
from shared.audit import Entry, canonical
from shared.crashpoints import crashpoint
from shared.database import Database, Transaction
from shared.database_faults import ConcurrentChange
from shared.errors import Fault, MalformedRequest, Problem, ServiceUnavailable, Text, ValidationFailed
from shared.jobs import KEPT, address_of, job_lines, jobs
from shared.leadership import lead, name_of
from shared.problems import body_of, from_validation, unexpected

log = structlog.get_logger()

LINES = Counter("anlan_job_lines_total", "Lines of jobs by outcome", ["service", "kind", "outcome"])

_SLICE = 100
_JOBS = 50
_TRIES = 4
_PAUSE_S = 1.0
_UNKNOWN_FOR = timedelta(hours=1)
_WORKING = ("queued", "running")
_AUDITED = (401, 403, 404, 409)

Handler = Callable[[Transaction, dict[str, Any], Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
"""`handler(tx, document, payload)`: the effect of one line in `tx`; what it returns is the line's result."""

Job = Mapping[str, Any]


def running(handlers: Mapping[str, Handler]) -> Callable[[Database], Awaitable[None]]:
    """The worker's loop for these kinds of jobs."""

    async def loop(database: Database) -> None:
        await Runner(database, handlers).run()

    return loop


def parsed(line: str) -> dict[str, Any]:
    """The document of a line. Raises `MalformedRequest` for what is no JSON, `ValidationFailed` for no object."""
    try:
        document = json.loads(line, parse_constant=_no_json)
    except (ValueError, RecursionError) as fault:
        raise MalformedRequest() from fault
    if not isinstance(document, dict):
        words = Text("每行须为一个 JSON 对象。", "A line is one JSON object.")
        raise ValidationFailed(Fault("object_expected", words, pointer="#"))
    return document


def _no_json(name: str) -> Any:
    raise ValueError(name)


class Runner:
    """Carries out the jobs of a database. `run()` in the worker; `run_once()` until nothing waits, for a test."""

    def __init__(self, database: Database, handlers: Mapping[str, Handler]) -> None:
        self.database = database
        self.handlers = handlers

    async def run(self) -> None:
        """Work for ever while this process leads. Ends only by cancellation."""
        await lead(self.database, "jobs", self._work)

    async def run_once(self) -> int:
        """Carry out everything that waits; how many lines that were."""
        done = 0
        while turn := await self._turn():
            done += turn
        return done

    async def _work(self) -> None:
        while True:
            if not await self._turn():
                await asyncio.sleep(_PAUSE_S)

    async def _turn(self) -> int:
        """Some lines of each waiting job, so that a long one does not keep the others waiting."""
        waiting = select(jobs).where(jobs.c.state.in_(_WORKING)).order_by(jobs.c.created_at, jobs.c.id).limit(_JOBS)
        async with self.database.transaction(machine(self.database.service)) as tx:
            found = (await tx.execute(waiting)).mappings().all()
            known = [job for job in found if job["kind"] in self.handlers]
            for job in found:
                if job["kind"] not in self.handlers and job["created_at"] < tx.now - _UNKNOWN_FOR:
                    await self._give_up(tx, job)
        return sum([await self._some(job) for job in known])

    async def _give_up(self, tx: Transaction, job: Job) -> None:
        """Nobody carries out this kind, and a newer worker would have come by now."""
        log.error("job_of_unknown_kind", service=self.database.service, kind=job["kind"], job_id=str(job["id"]))
        ended = {"state": "failed", "problem": self._told(unexpected(), job)["problem"], "expires_at": tx.now + KEPT}
        await tx.execute(update(jobs).where(jobs.c.id == job["id"]).values(**ended, updated_at=tx.now))

    async def _some(self, job: Job) -> int:
        lines = job_lines.c
        next_ones = select(lines.n, lines.line).where(lines.job_id == job["id"], lines.n > job["done"])
        async with self.database.transaction(machine(self.database.service)) as tx:
            rows = (await tx.execute(next_ones.order_by(lines.n).limit(_SLICE))).all()
        done = 0
        for n, line in rows:
            if not await self._line(job, n, line or ""):
                break
            done += 1
        return done

    async def _line(self, job: Job, n: int, line: str) -> bool:
        """Carry out one line or record why not; False where the job goes on without us (cancelled, another runner)."""
        problem: Problem = ServiceUnavailable()
        for attempt in range(_TRIES):
            try:
                return await self._carry_out(job, n, line)
            except (ServiceUnavailable, ConcurrentChange) as passing:
                problem = passing
                await asyncio.sleep(0.1 * 2**attempt)
            except Problem as refusal:
                problem = refusal
                break
            except ValidationError as invalid:
                problem = from_validation([{**one, "loc": ("body", *one["loc"])} for one in invalid.errors()])
                break
            except Exception as failure:
                log.error("job_line_failed", kind=job["kind"], job_id=str(job["id"]), line=n, fault=name_of(failure))
                problem = unexpected()
                break
        return await self._refuse(job, n, problem)

    async def _carry_out(self, job: Job, n: int, line: str) -> bool:
        async with self.database.transaction(actor_of(job["actor"])) as tx:
            if not await _advance(tx, job, n, failed=0):
                return False
            data = await self.handlers[job["kind"]](tx, parsed(line), job["payload"])
            await _remember(tx, job, n, {"status": 200, "data": data})
            crashpoint("jobs.before_commit")
        crashpoint("jobs.after_commit")
        LINES.labels(self.database.service, job["kind"], "done").inc()
        return True

    async def _refuse(self, job: Job, n: int, problem: Problem) -> bool:
        actor = actor_of(job["actor"])
        async with self.database.transaction(actor) as tx:
            if not await _advance(tx, job, n, failed=1):
                return False
            await _remember(tx, job, n, self._told(problem, job))
            if problem.status in _AUDITED:
                entry = Entry(
                    action=f"job {job['kind']}", object_type="job", object_id=job["id"], org_path=actor.scope,
                    outcome="refused", reason=problem.code, in_history=False,
                )  # fmt: skip
                tx.note_act(entry)
        LINES.labels(self.database.service, job["kind"], "refused").inc()
        return True

    def _told(self, problem: Problem, job: Job) -> dict[str, Any]:
        where = address_of(self.database.service, job["id"])
        body = body_of(problem, language="zh", instance=where, request_id=job["actor"]["request_id"])
        return {"status": problem.status, "problem": json.loads(canonical(body))}


async def _advance(tx: Transaction, job: Job, n: int, *, failed: int) -> bool:
    """Count line `n` as done, if it is the next one and the job was not cancelled; with the last line the job ends."""
    row, last = jobs.c, n == job["total"]
    mine = update(jobs).where(row.id == job["id"], row.done == n - 1, row.state.in_(_WORKING))
    changed = mine.values(
        done=n, failed=row.failed + failed, updated_at=tx.now, state="succeeded" if last else "running",
        expires_at=tx.now + KEPT if last else None,
    )  # fmt: skip
    return await tx.scalar(changed.returning(row.id)) is not None


async def _remember(tx: Transaction, job: Job, n: int, result: Mapping[str, Any]) -> None:
    """The line's result takes the place of the line: what was sent is not needed any more."""
    line = update(job_lines).where(job_lines.c.job_id == job["id"], job_lines.c.n == n)
    await tx.execute(line.values(result=json.loads(canonical(result)), line=None))
