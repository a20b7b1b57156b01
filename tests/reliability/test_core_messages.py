"""The core's messages over a network that loses, repeats and reorders them, and a service that dies: both sides agree
afterwards, or the list of differences explains what does not.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.policy.policy.tables import Base
from services.policy.worker import TICKS, jobs
from shared.clock import legal_day, process_now
from shared.job_runner import Runner
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support import engines
from tests.support.core_system import CoreSystem, LossyTransport, connected
from tests.support.policy_process import PolicyProcess
from tests.support.services import ServiceUnderTest, running

LOST, DOUBLED, REORDERED = 0.10, 0.05, 0.05
WHOLE = [pytest.mark.soak, pytest.mark.timeout(0)]
TABLES = Base.metadata.tables


@pytest.fixture
async def policy(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[ServiceUnderTest]:
    async with running("policy", database_urls["policy"], tmp_path) as service:
        yield service


async def compared(policy: ServiceUnderTest, core: CoreSystem) -> dict[str, list[str]]:
    """The daily comparison over a network without faults; the kinds of what it found, by policy."""
    today = legal_day(process_now())
    async with connected(httpx.ASGITransport(policy.app)) as client:
        job = await client.reconcile(core.statement(today), as_of=today.isoformat())
        await Runner(policy.db, jobs(b"d" * 32)).run_once()
        for tick in TICKS:
            await run_once(policy.db, tick)
        ended = await client.ended(job["id"])
        assert (ended["state"], ended["progress"]["failed"]) == ("succeeded", 0)
        found = {one["data"]["policy_no"]: one["data"]["differences"] for one in await client.results(job["id"])}
    return {number: kinds for number, kinds in found.items() if kinds}


async def held_here(policy: ServiceUnderTest) -> dict[str, dict[int, str]]:
    """Policy → version → premium, as stored."""
    numbers = {row["id"]: row["policy_no"] for row in await policy.rows(TABLES["policies"])}
    held: dict[str, dict[int, str]] = {number: {} for number in numbers.values()}
    for row in await policy.rows(TABLES["policy_versions"]):
        held[numbers[row["policy_id"]]][row["number"]] = str(row["premium"])
    return held


async def check_both_sides(policy: ServiceUnderTest, core: CoreSystem) -> None:
    """Every version is here, once, and each difference that is left stands on the list with its cause."""
    differences = await compared(policy, core)
    here = await held_here(policy)
    assert {number: set(versions) for number, versions in here.items()} == {
        number: set(versions) for number, versions in core.held.items()
    }
    listed = await policy.rows(TABLES["reconciliation_items"], kind="same_version_other_content")
    explained = {(one["policy_no"], int(one["cause"].removeprefix("core_version:"))) for one in listed}
    assert explained == core.wrong
    unlike = {
        (number, n)
        for number, versions in core.held.items()
        for n, version in versions.items()
        if here[number][n] != version["premium"]
    }
    assert unlike <= explained
    newest = {number for number, n in unlike if n == max(core.held[number])}
    assert differences == {number: ["premium"] for number in newest}
    await _check_told_once(policy, core)


async def _check_told_once(policy: ServiceUnderTest, core: CoreSystem) -> None:
    """Each version was announced once, however often it came."""
    told = [
        (row["event"]["data"]["policy_no"], row["event"]["data"]["policy_version"])
        for row in await policy.rows(kernel.tables["outbox"])
        if row["subject"] in ("policy.policy.issued.v1", "policy.policy.endorsed.v1")
    ]
    assert sorted(told) == sorted((number, n) for number, versions in core.held.items() for n in versions)


@pytest.mark.parametrize("count", [pytest.param(300, id="quick"), pytest.param(10_000, id="whole", marks=WHOLE)])
async def test_messages_that_are_lost_repeated_and_reordered_leave_both_sides_agreed(
    policy: ServiceUnderTest, dice: random.Random, count: int
) -> None:
    core = CoreSystem(dice)
    messages = core.shuffled(core.messages(count), REORDERED)
    network = LossyTransport(httpx.ASGITransport(policy.app), dice, LOST, DOUBLED)
    async with connected(network) as client:
        await core.send(client, messages)
    print(dict(network.counts), dict(core.applied), f"{len(core.held)} policies, {len(core.wrong)} with two contents")
    assert network.counts["answer_lost"] > 0
    assert network.counts["doubled"] > 0
    assert core.applied["history"] > 0
    await check_both_sides(policy, core)


@pytest.mark.fault("F1")
@pytest.mark.parametrize(
    ("count", "kills"),
    [pytest.param(150, 2, id="quick"), pytest.param(10_000, 20, id="whole", marks=WHOLE)],
)
async def test_a_service_that_dies_in_between_changes_nothing_about_that(
    policy: ServiceUnderTest, database_urls: Mapping[str, str], tmp_path: Path, dice: random.Random, count: int,
    kills: int,
) -> None:  # fmt: skip
    core = CoreSystem(dice)
    messages = core.shuffled(core.messages(count), REORDERED)
    process = PolicyProcess(database_urls["policy"], tmp_path)
    await process.start()
    try:
        await process.ready()
        network = LossyTransport(httpx.AsyncHTTPTransport(), dice, LOST, DOUBLED)
        async with connected(network, f"http://127.0.0.1:{process.port}") as client, asyncio.TaskGroup() as group:
            sending = group.create_task(core.send(client, messages))
            died = group.create_task(_die(process, core, len(messages), kills, sending))
    finally:
        await process.kill()
    assert died.result() == kills
    await check_both_sides(policy, core)


async def _die(process: PolicyProcess, core: CoreSystem, messages: int, kills: int, sending: asyncio.Task[Any]) -> int:
    """Kill the service each time another share of the messages has its answer."""
    died = 0
    for n in range(kills):
        await core.reached(messages * (n + 1) // (kills + 1))
        if sending.done():
            break
        await process.kill()
        await process.start()
        await process.ready()
        died += 1
    return died
