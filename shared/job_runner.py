"""Carrying out jobs: one process per database, the jobs by turns.

Some lines share a transaction as long as all is well, which costs a fraction of one each. Where one of them fails, all
of them are taken back and carried out one at a time: a bad line never stops the others, and has no part in them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog
from prometheus_client import Counter
from pydantic import ValidationError
from sqlalchemy import bindparam, select, update

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
_TOGETHER = 20
"""Lines in one transaction: its locks are held for a fraction of a second only."""

_JOBS = 50
_TRIES = 4
_PAUSE_S = 1.0
_UNKNOWN_FOR = timedelta(hours=1)
_WORKING = ("queued", "running")
_AUDITED = (401, 403, 404, 409)

Handler = Callable[[Transaction, dict[str, Any], Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
"""`handler(tx, document, payload)`: the effect of one line in `tx`; what it returns is the line's result.

It is called again for a line whose neighbour failed, so all it does, it does in `tx`.
"""

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
        for start in range(0, len(rows), _TOGETHER):
            some = [(n, line or "") for n, line in rows[start : start + _TOGETHER]]
            if len(some) > 1 and await self._together(job, some):
                done += len(some)
                continue
            for n, line in some:
                if not await self._line(job, n, line):
                    return done
                done += 1
        return done

    async def _together(self, job: Job, some: Sequence[tuple[int, str]]) -> bool:
        """Carry out all of these lines in one transaction; False where one of them could not, and none was."""
        try:
            return await self._carry_out(job, some)
        except Exception as reason:
            log.debug("job_lines_one_by_one", kind=job["kind"], job_id=str(job["id"]), fault=name_of(reason))
            return False

    async def _line(self, job: Job, n: int, line: str) -> bool:
        """Carry out one line or record why not; False where the job goes on without us (cancelled, another runner)."""
        problem: Problem = ServiceUnavailable()
        for attempt in range(_TRIES):
            try:
                return await self._carry_out(job, [(n, line)])
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

    async def _carry_out(self, job: Job, some: Sequence[tuple[int, str]]) -> bool:
        """The effects of these lines, one after the other, each in the caller's own row scope; all or none."""
        actor, handler = actor_of(job["actor"]), self.handlers[job["kind"]]
        async with self.database.transaction(actor) as tx:
            if not await _advance(tx, job, some[0][0], some[-1][0], failed=0):
                return False
            results: dict[int, Mapping[str, Any]] = {}
            for n, line in some:
                results[n] = {"status": 200, "data": await handler(tx, parsed(line), job["payload"])}
                if tx.scope != actor.scope:
                    await tx.use_scope(actor.scope)
            await _remember(tx, job, results)
            crashpoint("jobs.before_commit")
        crashpoint("jobs.after_commit")
        LINES.labels(self.database.service, job["kind"], "done").inc(len(some))
        return True

    async def _refuse(self, job: Job, n: int, problem: Problem) -> bool:
        actor = actor_of(job["actor"])
        async with self.database.transaction(actor) as tx:
            if not await _advance(tx, job, n, n, failed=1):
                return False
            await _remember(tx, job, {n: self._told(problem, job)})
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


async def _advance(tx: Transaction, job: Job, first: int, last: int, *, failed: int) -> bool:
    """Count the lines from `first` to `last` as done, if they are the next ones and the job was not cancelled; with its
    very last line the job ends.
    """
    row, ends = jobs.c, last == job["total"]
    mine = update(jobs).where(row.id == job["id"], row.done == first - 1, row.state.in_(_WORKING))
    changed = mine.values(
        done=last, failed=row.failed + failed, updated_at=tx.now, state="succeeded" if ends else "running",
        expires_at=tx.now + KEPT if ends else None,
    )  # fmt: skip
    return await tx.scalar(changed.returning(row.id)) is not None


_RESULT = (
    update(job_lines)
    .where(job_lines.c.job_id == bindparam("of_job"), job_lines.c.n == bindparam("of_n"))
    .values(result=bindparam("result"), line=None)
)


async def _remember(tx: Transaction, job: Job, results: Mapping[int, Mapping[str, Any]]) -> None:
    """The results of lines take the place of the lines: what was sent is not needed any more."""
    rows = [{"of_job": job["id"], "of_n": n, "result": json.loads(canonical(result))} for n, result in results.items()]
    await tx.execute(_RESULT, rows)
