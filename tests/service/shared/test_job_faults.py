"""Jobs when something breaks: the worker, the database, a line, or the order in which two work at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from shared.database import Transaction
from shared.database_faults import ConcurrentChange
from shared.errors import ServiceUnavailable
from shared.job_runner import Runner
from tests.support import file_world
from tests.support.file_world import KIND, NANJING, World, import_thing, make_thing
from tests.support.tokens import ROOT

HANDLERS = {KIND: import_thing}


def line(name: str, **more: Any) -> str:
    return json.dumps({"name": name, **more})


def names(count: int, prefix: str = "t") -> list[str]:
    return [f"{prefix}{n:04}" for n in range(count)]


async def started(world: World, *lines: bytes | str, who: Any = NANJING) -> str:
    answer = await world.import_lines(*lines, who=who)
    assert answer.status_code == 202, answer.text
    return answer.headers["location"]


async def results(world: World, job: str) -> list[dict[str, Any]]:
    answer = await world.get(NANJING, f"{job}/results")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson"), answer.text
    return [json.loads(one) for one in answer.text.splitlines()]


async def shown(world: World, job: str) -> dict[str, Any]:
    return (await world.get(NANJING, job)).json()


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


@pytest.mark.parametrize("point", ["jobs.before_commit", "jobs.after_commit"])
async def test_a_worker_that_dies_doubles_no_line_and_loses_none(world: World, files_url: str, point: str) -> None:
    """Twenty lines share a transaction; it dies at the commit of the third of them, and then of the second."""
    wanted = names(130)
    job = await started(world, *(line(name) for name in wanted))
    after_commit = point == "jobs.after_commit"
    for dies_at, done in ((3, 60 if after_commit else 40), (2, 100 if after_commit else 60)):
        assert await worker_process(files_url, f"{point}@{dies_at}") == 137
        after = await shown(world, job)
        assert (after["state"], after["progress"]["done"]) == ("running", done)
        assert await world.names() == wanted[:done]
    assert await worker_process(files_url, "") == 0
    assert (await shown(world, job))["state"] == "succeeded"
    assert await world.names() == wanted
    assert [one["line"] for one in await results(world, job)] == list(range(1, 131))


async def worker_process(url: str, crashpoint: str) -> int:
    import os
    import sys

    environment = {**os.environ, "CRASHPOINT": crashpoint}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.job_worker", url, env=environment, cwd=ROOT
    )
    async with asyncio.timeout(60):
        return await process.wait()


async def test_two_runners_at_once_carry_out_every_line_once(world: World, settings: Any) -> None:
    wanted = names(60)
    job = await started(world, *(line(name) for name in wanted))
    other = file_world.database_of(settings)
    try:
        runners = Runner(world.db, HANDLERS), Runner(other, HANDLERS)
        done = await asyncio.gather(*(one.run_once() for one in runners))
    finally:
        await other.close()
    while await runners[0].run_once():
        pass
    assert sum(done) <= len(wanted)
    assert await world.names() == wanted
    assert (await shown(world, job))["progress"] == {"done": 60, "total": 60, "failed": 0}


async def test_a_defect_in_one_line_is_told_as_ours_and_leaves_nothing_of_its_effect(world: World) -> None:
    job = await started(world, line("a"), line("b", broken=True), line("c"))
    with capture_logs() as logs:
        await Runner(world.db, HANDLERS).run_once()
    assert [one["status"] for one in await results(world, job)] == [200, 500, 200]
    assert await world.names() == ["a", "c"]
    (told,) = [one for one in logs if one["event"] == "job_line_failed"]
    assert (told["line"], told["fault"]) == (2, "RuntimeError")


@pytest.mark.parametrize("passing", [ServiceUnavailable, ConcurrentChange])
async def test_a_passing_fault_is_tried_again_before_it_becomes_a_result(
    world: World, passing: type[Exception]
) -> None:
    tries: list[str] = []

    async def shaky(tx: Transaction, document: dict[str, Any], payload: Mapping[str, Any]) -> Mapping[str, Any]:
        tries.append(document["name"])
        made = await make_thing(tx, document["name"])
        if document["name"] == "never" or tries.count(document["name"]) < 3:
            raise passing
        return {"id": made.id}

    job = await started(world, line("soon"), line("never"), line("later"))
    await Runner(world.db, {KIND: shaky}).run_once()
    assert [one["status"] for one in await results(world, job)] == [200, passing().status, 200]  # type: ignore[attr-defined]
    assert await world.names() == ["later", "soon"]


async def test_a_deadlock_while_spooling_is_told_to_the_caller_who_alone_has_the_body(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.database_faults import Contended

    async def lost(self: Transaction) -> None:
        raise Contended()

    key = str(uuid4())
    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "finish", lost)
        refused(await world.import_lines(line("a"), key=key), 503, "service_unavailable")
    assert (await world.import_lines(line("a"), key=key)).status_code == 202
