"""NATS or PostgreSQL goes away, or comes back with less than it had: nothing is lost, nothing happens twice.

Engines of their own, because they are stopped, killed and robbed of files.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from embedded import databases
from embedded.engines import secrets
from embedded.engines.nats import NatsServer
from embedded.engines.nats_config import OWN_STREAM
from embedded.engines.postgres import PostgresCluster
from embedded.engines.process import start_time
from shared.consuming import Consumers
from shared.database import Database
from shared.errors import ServiceUnavailable
from shared.ids import uuid7
from shared.messaging import Bus, declare_streams
from shared.outbox import depth
from shared.relay import Relay, gaps
from tests.support import event_world as world


class OwnCluster:
    """A PostgreSQL server that a test may stop, with one database per side."""

    def __init__(self, directory: Path) -> None:
        self.server = PostgresCluster(directory, fast=True)

    def password(self, role: str) -> str:
        return secrets.password(self.server.directory / "roles" / role)

    def superuser_dsn(self, database: str = "postgres") -> str:
        return self.server.dsn(database)

    def url(self, role: str, database: str) -> str:
        return f"postgresql+asyncpg://{role}:{self.password(role)}@127.0.0.1:{self.server.port}/{database}"

    async def open(self, deployable: str) -> Database:
        names = (deployable,)
        roles = (databases.OWNER, databases.role_of(deployable))
        await databases.provision(self.superuser_dsn(), names, {role: self.password(role) for role in roles})
        name = await world.make_database(self, deployable, "own")
        return Database(deployable, self.url(databases.role_of(deployable), name))


class Scene:
    """`claims` publishes, `crm` listens, each with a PostgreSQL of its own; one nats-server between them."""

    def __init__(self, directory: Path) -> None:
        self.nats = NatsServer(directory / "nats")
        self.clusters = {name: OwnCluster(directory / name) for name in ("claims", "crm")}

    def start(self) -> None:
        for cluster in self.clusters.values():
            cluster.server.start()
        self.nats.start()

    def stop(self) -> None:
        self.nats.stop()
        for cluster in self.clusters.values():
            cluster.server.stop()

    async def open(self) -> None:
        await declare_streams(self.nats.url, self.nats.seeds().bootstrap, max_bytes=64 << 20)
        self.claims, self.crm = [await self.clusters[name].open(name) for name in ("claims", "crm")]
        self.claims_bus, self.crm_bus = [
            Bus(self.nats.url, name=name, seed=self.nats.seeds().deployables[name]) for name in ("claims", "crm")
        ]
        self.relay = Relay(self.claims, self.claims_bus)
        self.consumers = Consumers(self.crm, self.crm_bus, world.CONSUMERS)

    async def close(self) -> None:
        for one in (self.claims_bus, self.crm_bus, self.claims, self.crm):
            await one.close()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(worker.run()) for worker in (self.relay, self.consumers)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def quiet(self, seconds: float) -> float:
        """Wait until every event has had its effect, exactly once; how long that took."""
        began = time.monotonic()
        async with asyncio.timeout(seconds):
            while True:
                happened = await world.effects(self.crm)
                if set(happened) == await world.published(self.claims):
                    break
                await asyncio.sleep(0.1)
        assert set(happened.values()) <= {1}
        return time.monotonic() - began

    def restart_nats(self, how: int) -> None:
        """Another process on the same port; the evidence is its pid and start time."""
        before = (self.nats.process.pid, start_time(self.nats.process.pid))
        if how == signal.SIGKILL:
            os.kill(before[0], signal.SIGKILL)
        self.nats.stop()
        self.nats.start()
        assert (self.nats.process.pid, start_time(self.nats.process.pid)) != before


@pytest.fixture(scope="module")
def engines_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    assert set(OWN_STREAM) >= {"claims", "crm"}
    scene = Scene(tmp_path_factory.mktemp("own"))
    scene.start()
    yield scene
    scene.stop()


@pytest.fixture
async def scene(engines_of_our_own: Scene) -> AsyncIterator[Scene]:
    await engines_of_our_own.open()
    for database in (engines_of_our_own.claims, engines_of_our_own.crm):
        await world.empty(database)
    yield engines_of_our_own
    await engines_of_our_own.close()


@pytest.mark.fault("F5")
async def test_changes_go_on_while_nats_is_away_and_the_outbox_drains_afterwards(scene: Scene) -> None:
    async with scene.at_work():
        await world.report_many(scene.claims, 50)
        await scene.quiet(20)
        scene.nats.stop()
        await world.report_many(scene.claims, 1_000)
        await asyncio.sleep(3)
        assert (await depth(scene.claims)).events == 1_000
        scene.nats.start()
        assert await scene.quiet(30) < 30
    assert await world.rows(scene.crm, "select 1 from dead_letters") == []


@pytest.mark.fault("F6")
async def test_a_killed_server_loses_nothing_that_it_acknowledged(scene: Scene) -> None:
    async with scene.at_work():
        for _ in range(5):
            await world.report_many(scene.claims, 200)
            scene.restart_nats(signal.SIGKILL)
        await world.report_many(scene.claims, 20)
        # a message that was with the consumer at the kill comes again after the acknowledgement wait
        await scene.quiet(50)
    assert await gaps(scene.claims, scene.claims_bus, whole=True) == []


@pytest.mark.fault("F3")
@pytest.mark.fault("F4")
async def test_a_stream_rolled_back_behind_its_consumer_is_refilled_and_new_events_arrive(scene: Scene) -> None:
    messages = next((scene.nats.directory / "jetstream").glob("*/streams/CLAIMS/msgs"))
    async with scene.at_work():
        await world.report_many(scene.claims, 40)
        await scene.quiet(20)
    copy = scene.nats.directory / "copy"
    scene.nats.stop()
    shutil.copytree(messages, copy)
    scene.nats.start()
    async with scene.at_work():
        await world.report_many(scene.claims, 60)
        await scene.quiet(20)
    connections = scene.claims_bus.connections
    scene.nats.stop()
    shutil.rmtree(messages)
    copy.rename(messages)
    scene.nats.start()

    async with asyncio.timeout(20):
        while scene.claims_bus.connections == connections:  # noqa: ASYNC110 - the client reconnects by itself
            await asyncio.sleep(0.05)
    assert len(await gaps(scene.claims, scene.claims_bus)) == 60
    await world.report_many(scene.claims, 30)
    async with scene.at_work():
        await scene.quiet(30)
        async with asyncio.timeout(20):
            while await gaps(scene.claims, scene.claims_bus, whole=True):  # noqa: ASYNC110 - the relay's audit
                await asyncio.sleep(0.2)
        await scene.quiet(20)


@pytest.mark.fault("F11")
async def test_while_the_consumers_database_is_away_nothing_is_counted_and_nothing_becomes_a_dead_letter(
    scene: Scene,
) -> None:
    cluster = scene.clusters["crm"].server
    async with scene.at_work():
        await world.report_many(scene.claims, 200)
        await asyncio.sleep(0.3)
        before = start_time(cluster.process.pid)
        cluster.stop()
        await world.report_many(scene.claims, 100)
        await asyncio.sleep(8)
        with pytest.raises(ServiceUnavailable):
            await world.effects(scene.crm)
        cluster.start()
        assert start_time(cluster.process.pid) != before
        await scene.quiet(45)
    assert await world.rows(scene.crm, "select 1 from dead_letters") == []
    assert await world.rows(scene.crm, "select 1 from handler_failures") == []


@pytest.mark.fault("F7")
async def test_a_server_that_stands_still_delays_and_loses_nothing(scene: Scene) -> None:
    async with scene.at_work():
        await world.report(scene.claims, world.File(uuid7()))
        await scene.quiet(20)
        os.kill(scene.nats.process.pid, signal.SIGSTOP)
        try:
            await world.report_many(scene.claims, 100)
            await asyncio.sleep(12)
            assert (await depth(scene.claims)).events == 100
        finally:
            os.kill(scene.nats.process.pid, signal.SIGCONT)
        assert await scene.quiet(20) < 10
