"""Long work: every line once, each with its own result, whatever happens to the others and to the worker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from shared import audit
from shared.database import Transaction
from shared.job_runner import Runner, running
from shared.jobs import MAX_LINE_BYTES, MAX_LINES, enqueue, job_lines, jobs
from tests.support.file_world import KIND, MAX_IMPORT, NANJING, SUZHOU, Thing, World, import_thing
from tests.support.tokens import actor

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


async def test_an_import_is_counted_answered_carried_out_and_told_line_by_line(world: World) -> None:
    answer = await world.import_lines(line("a"), line("b", refuse=True), line("c", of="nobody"), line("d") + "\n")
    assert answer.status_code == 202
    told, job = answer.json(), answer.headers["location"]
    assert told == {"id": told["id"], "state": "queued", "progress": {"done": 0, "total": 4, "failed": 0}}
    assert (job, answer.headers["retry-after"]) == (f"/v1/jobs/claims/{told['id']}", "5")
    refused(await world.get(NANJING, f"{job}/results"), 409, "state_conflict")
    assert await Runner(world.db, HANDLERS).run_once() == 4
    after = await shown(world, job)
    assert (after["state"], after["progress"]) == ("succeeded", {"done": 4, "total": 4, "failed": 2})
    assert after["result_url"] == f"{job}/results"
    assert "problem" not in after
    lines = await results(world, job)
    assert [(one["line"], one["status"]) for one in lines] == [(1, 200), (2, 409), (3, 422), (4, 200)]
    assert set(lines[0]["data"]) == {"id", "made_at"}
    assert (lines[1]["problem"]["code"], lines[2]["problem"]["errors"][0]["pointer"]) == ("state_conflict", "#/of")
    assert await world.names() == ["a", "d"]
    assert [row["line"] for row in await world.rows(job_lines)] == [None] * 4


async def test_a_line_that_cannot_be_read_is_told_at_its_place_and_stops_no_other(world: World) -> None:
    bad = [b"{", b"\xff\xfe", b'{"name": "\x00"}', b"", b"[1]", b'{"name": NaN}', b"[" * 100_000, b'{"nome": 1}']
    job = await started(world, line("first"), *bad, line("last") + "\r", b"", b"  ", b"")
    await Runner(world.db, HANDLERS).run_once()
    codes = [(one["status"], one.get("problem", {}).get("code")) for one in await results(world, job)]
    unreadable, wrong = (400, "malformed_request"), (422, "validation_failed")
    expected = [unreadable, unreadable, unreadable, unreadable, wrong, unreadable, unreadable, wrong]
    assert codes == [(200, None), *expected, (200, None)]
    assert await world.names() == ["first", "last"]


async def test_an_import_without_lines_with_a_long_line_or_too_large_is_refused_whole(world: World) -> None:
    for nothing in (b"", b"\n\n \r\n"):
        refused(await world.import_body(nothing), 422, "job_empty")
    long = await world.import_lines(line("a"), b'"' + b"x" * MAX_LINE_BYTES, line("b"))
    refused(long, 422, "job_line_too_long")
    assert long.json()["line"] == 2
    large = await world.import_body(b'{"name": "x"}\n' * (MAX_IMPORT // 14 + 10))
    refused(large, 413, "body_too_large")
    assert large.json()["max_bytes"] == MAX_IMPORT
    too_many = await world.import_body(b"1\n" * (MAX_LINES + 1))
    refused(too_many, 422, "job_too_many_lines")
    assert await world.rows(jobs) == await world.rows(job_lines) == []


async def test_lines_may_arrive_in_pieces_of_any_length(world: World) -> None:
    wanted = names(1_203)
    body = "\n".join(line(name, note="安澜") for name in wanted).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 997):
            yield body[start : start + 997]

    assert (await world.import_body(pieces())).json()["progress"]["total"] == len(wanted)
    stored = sorted(await world.rows(job_lines), key=lambda row: row["n"])
    assert [json.loads(row["line"])["name"] for row in stored] == wanted


async def test_a_line_is_carried_out_in_the_name_and_scope_of_who_sent_it(world: World) -> None:
    theirs = UUID(await world.thing("theirs", who=SUZHOU))
    seen: list[Any] = []

    async def look(tx: Transaction, document: dict[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
        seen.append((tx.actor, payload))
        found = await tx.find(Thing, UUID(document["id"]))
        tx.note("look", found)
        return {"name": found.name}

    own = await world.thing("own")
    job = await started(world, json.dumps({"id": str(theirs)}), json.dumps({"id": own}))
    before = len(await world.rows(audit.audit_entries))
    await Runner(world.db, {KIND: look}).run_once()
    sent_by = actor("adjuster", "00.32.3201", name="Nanjing", request_id=seen[0][0].request_id)
    # the first line is refused, so it is carried out once beside the other and once alone
    assert seen == [(sent_by, {"part": 1})] * 3
    assert [one["status"] for one in await results(world, job)] == [404, 200]
    added = sorted(await world.rows(audit.audit_entries), key=lambda row: row["n"])[before:]
    assert [(row["action"], row["outcome"], row["person_id"]) for row in added] == [
        (f"job {KIND}", "refused", NANJING.person_id), ("look", "done", NANJING.person_id),
    ]  # fmt: skip


async def test_a_cancelled_job_goes_no_further_and_keeps_what_was_done(world: World) -> None:
    job = ""

    async def cancelled_by_the_way(tx: Transaction, document: dict[str, Any], payload: Any) -> Any:
        made = await import_thing(tx, document, payload)
        if document["name"] == "t0002":
            cancelling.append(asyncio.create_task(world.call(NANJING, "DELETE", job)))
            await asyncio.sleep(0.1)
        return made

    cancelling: list[asyncio.Task[Any]] = []
    job = await started(world, *(line(name) for name in names(200)))
    await Runner(world.db, {KIND: cancelled_by_the_way}).run_once()
    first = await cancelling[0]
    assert (first.status_code, first.json()["state"]) == (200, "cancelled")
    done = first.json()["progress"]["done"]
    assert 3 <= done < 200
    assert await Runner(world.db, HANDLERS).run_once() == 0
    assert await world.names() == names(done)
    assert len(await results(world, job)) == done
    assert (await world.call(NANJING, "DELETE", job)).json() == first.json()
    assert [row["action"] for row in await world.rows(audit.audit_entries)] == ["cancel"]


async def test_a_finished_job_cannot_be_cancelled_and_nobody_else_sees_one(world: World) -> None:
    job = await started(world, line("a"))
    for method, path in (("GET", job), ("GET", f"{job}/results"), ("DELETE", job)):
        refused(await world.call(SUZHOU, method, path), 404, "not_found")
    powerless = actor("adjuster", "00.32.3201", name="Nanjing", permissions=frozenset({"claims.job.read"}))
    refused(await world.call(powerless, "DELETE", job), 403, "action_not_permitted")
    refused(await world.get(NANJING, f"/v1/jobs/claims/{uuid4()}"), 404, "not_found")
    await Runner(world.db, HANDLERS).run_once()
    refused(await world.call(NANJING, "DELETE", job), 409, "state_conflict")


async def test_a_repeated_request_starts_no_second_job_and_a_dry_run_none(world: World) -> None:
    key = str(uuid4())
    first = await world.import_lines(line("a"), key=key)
    again = await world.import_lines(line("a"), key=key)
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["retry-after"] == "5"
    dry = await world.call(NANJING, "POST", "/v1/things/imports?dry_run=true", content=line("b").encode(),
                           headers={"Content-Type": "application/x-ndjson"})  # fmt: skip
    assert (dry.status_code, dry.json()["progress"]["total"]) == (200, 1)
    assert len(await world.rows(jobs)) == 1


async def test_a_short_job_does_not_wait_for_the_end_of_a_long_one(world: World) -> None:
    order: list[str] = []

    async def count(tx: Transaction, document: dict[str, Any], payload: Any) -> dict[str, Any]:
        order.append(document["name"])
        return {}

    await started(world, *(line(name, x=1) for name in names(250, "long")))
    await started(world, line("short"))
    await Runner(world.db, {KIND: count}).run_once()
    assert len(order) == 251
    assert order.index("short") < 150


async def test_a_job_of_a_kind_nobody_knows_waits_for_a_newer_worker_and_fails_after_an_hour(
    world: World, later: Callable[[timedelta], None]
) -> None:
    job = await started(world, line("a"))
    assert await Runner(world.db, {}).run_once() == 0
    assert (await shown(world, job))["state"] == "queued"
    later(timedelta(minutes=61))
    assert await Runner(world.db, {}).run_once() == 0
    after = await shown(world, job)
    assert (after["state"], after["problem"]["code"]) == ("failed", "internal_error")
    assert "result_url" not in after


async def test_a_service_makes_a_job_of_its_own_documents(world: World) -> None:
    async with world.db.transaction(NANJING) as tx:
        answer = await enqueue(tx, KIND, ({"name": name} for name in names(3)), {"purpose": "x"})
    job = answer.headers["Location"]
    assert json.loads(answer.body)["progress"]["total"] == 3
    await Runner(world.db, HANDLERS).run_once()
    assert len(await results(world, job)) == 3


async def test_results_can_be_read_for_a_week(world: World, later: Callable[[timedelta], None]) -> None:
    job = await started(world, line("a"))
    await Runner(world.db, HANDLERS).run_once()
    later(timedelta(days=6, hours=23))
    assert len(await results(world, job)) == 1
    later(timedelta(days=7, hours=1))
    refused(await world.get(NANJING, f"{job}/results"), 404, "not_found")
    refused(await world.get(NANJING, job), 404, "not_found")


async def test_more_results_than_one_batch_come_in_order(world: World) -> None:
    job = await started(world, *(f'{{"n": {n}}}' for n in range(1_100)))

    async def echo(tx: Transaction, document: dict[str, Any], payload: Any) -> dict[str, Any]:
        return document

    await Runner(world.db, {KIND: echo}).run_once()
    lines = await results(world, job)
    assert [(one["line"], one["data"]["n"]) for one in lines] == [(n + 1, n) for n in range(1_100)]


async def test_the_worker_loop_takes_up_what_waits(world: World, settings: Any) -> None:
    job = await started(world, line("a"))
    loop = asyncio.create_task(running(HANDLERS)(world.db))
    try:
        async with asyncio.timeout(20):
            while (await shown(world, job))["state"] != "succeeded":  # noqa: ASYNC110 - another task works on it
                await asyncio.sleep(0.05)
    finally:
        loop.cancel()
        await asyncio.wait([loop])
    assert await world.names() == ["a"]
