"""A courier dies between the answer of the target and the mark: nothing is lost, what comes again has its id."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from gateway.identity.machines import register_machine_key
from tests.service.gateway.test_machines import KEY, assertion, sign_in
from tests.support import engines
from tests.support.feeding import arrive, event
from tests.support.gateway import GatewayUnderTest, running
from tests.support.receiving_webhooks import Receiver, receiving

DIED = 137
KILLS = max(2, int(os.environ.get("ANLAN_KILLS", "20")) // 4)


@pytest.fixture
async def target(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[tuple[GatewayUnderTest, Receiver, str]]:
    changes: dict[str, Any] = {"webhook_http": True, "webhook_networks": ["127.0.0.0/8"]}
    async with running(database_urls["gateway"], tmp_path, **changes) as gateway, receiving() as receiver:
        await register_machine_key(gateway.db, "M0001", KEY.as_dict(private=False))
        token = (await sign_in(gateway, assertion())).json()["access_token"]
        body = {"url": receiver.url, "events": ["claims.payment.ordered"], "org_path": "00.32"}
        answer = await gateway.post(token, "/v1/webhooks", body)
        assert answer.status_code == 201, answer.text
        yield gateway, receiver, database_urls["gateway"]


async def courier(url: str, crashpoint: str = "", seconds: float = 20) -> int:
    """One courier process; how it ended."""
    environment = os.environ | {"COURIER_DATABASE": url, "COURIER_SECONDS": str(seconds), "CRASHPOINT": crashpoint}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "tests.support.webhook_worker", env=environment
    )
    return await process.wait()


@pytest.mark.fault("F1")
async def test_a_courier_that_dies_after_the_answer_sends_the_same_event_again_under_the_same_id(
    target: tuple[GatewayUnderTest, Receiver, str],
) -> None:
    gateway, receiver, url = target
    record, sent = uuid4(), list[str]()
    for kill in range(KILLS):
        events = [event("claims.payment.ordered.v1", record_id=record, version=2 * kill + n) for n in (1, 2)]
        sent += [one["id"] for one in events]
        await arrive(gateway.db, *events)
        assert await courier(url, f"webhooks.after_answer@{1 + kill % 2}") == DIED
    async with asyncio.timeout(30):
        work = asyncio.create_task(courier(url, seconds=6))
        while len(set(one.id for one in receiver.got)) < len(sent):  # noqa: ASYNC110 - told by its list alone
            await asyncio.sleep(0.05)
        assert await work == 0
    times = Counter(one.id for one in receiver.got)
    assert set(times) == set(sent)
    assert sum(times.values()) == len(sent) + KILLS
    first = list(dict.fromkeys(one.id for one in receiver.got))
    assert first == sent, "events of one record arrive in order, whatever dies"
    bodies = {one.id: one.body for one in receiver.got}
    assert all(one.body == bodies[one.id] for one in receiver.got)
