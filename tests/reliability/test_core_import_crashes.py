"""An import, a list and a comparison of the core go on where a dead worker left them: nothing lost, nothing doubled."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path

import httpx
import pytest

from embedded.demonstration.policies import policies
from services.policy.policy.tables import Base
from shared.kernel import kernel
from tests.support import engines
from tests.support.core_lines import person
from tests.support.core_system import connected
from tests.support.services import ServiceUnderTest, running
from tests.support.tokens import ROOT

DIED = 137
TODAY = date(2026, 11, 24)
TABLES = Base.metadata.tables


@pytest.fixture
async def policy(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[ServiceUnderTest]:
    async with running("policy", database_urls["policy"], tmp_path) as service:
        yield service


async def worker(url: str, crashpoint: str = "") -> int:
    """One worker process; how it ended."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.policy_worker", url, cwd=ROOT,
        env={**os.environ, "CRASHPOINT": crashpoint}, stderr=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    async with asyncio.timeout(120):
        return await process.wait()


@pytest.mark.fault("F1")
async def test_a_load_whose_worker_dies_again_and_again_arrives_whole_and_once(
    policy: ServiceUnderTest, database_urls: Mapping[str, str], dice: random.Random
) -> None:
    url, lines = database_urls["policy"], policies(200, dice.randrange(1000), TODAY)
    async with connected(httpx.ASGITransport(policy.app)) as core:
        job = await core.send_import(lines, batch_id="night")
        again = await core.send_import(lines, batch_id="night")
        assert again["id"] == job["id"]
        for crashpoint in ("jobs.before_commit@2", "jobs.after_commit@1", "jobs.before_commit@1"):
            assert await worker(url, crashpoint) == DIED
        assert await worker(url) == 0
        told = await core.job(job["id"])
        assert (told["state"], told["progress"]) == ("succeeded", {"done": 200, "total": 200, "failed": 0})
        assert Counter(one["data"]["applied"] for one in await core.results(job["id"])) == {"current": 200}
    assert len(await policy.rows(TABLES["policies"])) == 200
    issued = await policy.rows(kernel.tables["outbox"], subject="policy.policy.issued.v1")
    assert sorted(row["event"]["data"]["policy_no"] for row in issued) == sorted(one["policy_no"] for one in lines)


@pytest.mark.fault("F1")
async def test_a_list_and_a_comparison_whose_worker_dies_are_in_force_once(
    policy: ServiceUnderTest, database_urls: Mapping[str, str]
) -> None:
    url = database_urls["policy"]
    body = next(one for one in policies(5, 32, TODAY) if one["policy_no"] == "PPA2026-32-000001")
    number = body.pop("policy_no")
    async with connected(httpx.ASGITransport(policy.app)) as core:
        await core.put_policy(number, body | {"insured_persons": None, "insured_count": 600})
        await core.send_list(number, 1, [person(n) for n in range(600)])
        line = {"policy_no": number, "core_version": 1, "status": "in_force", "premium_total": "1.00"}
        await core.reconcile([line | {"claims_paid_total": "0.00"}])
        for crashpoint in ("jobs.before_commit@9", "ticks.before_commit@1", "ticks.after_commit@1"):
            assert await worker(url, crashpoint) == DIED
        assert await worker(url) == 0
        found = [one["kind"] async for one in core.differences(policy_no=number, status="open")]
    assert found.count("premium") == 1
    assert len(await policy.rows(TABLES["insured_persons"])) == 600
    parts = await policy.rows(kernel.tables["outbox"], subject="policy.insured.listed.v1")
    assert sorted(len(row["event"]["data"]["entries"]) for row in parts) == [100, 500]
    assert [row["status"] for row in await policy.rows(TABLES["reconciliation_runs"])] == ["ended"]
