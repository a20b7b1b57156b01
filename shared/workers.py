"""A deployable's second process: relay, consumers, ticks and whatever else works without a caller, in one task group.

`python -m services.claims.worker`. It stops on SIGTERM and SIGINT, and serves a health and metrics page of its own on
`health_port`, since it has no API.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog
import uvloop
from prometheus_client import generate_latest

from shared.actor import machine
from shared.consuming import LANES, Consumers
from shared.database import Database
from shared.database_faults import refuse_unsafe_role
from shared.events import Consumer
from shared.health import parts_of
from shared.housekeeping import housekeeping
from shared.logging import configure
from shared.messaging import Bus
from shared.relay import Relay, refill, replay
from shared.rule_sets import load
from shared.scanning import scanning
from shared.settings import DeployableSettings, refuse_test_switches
from shared.ticks import Scheduler, Tick
from shared.unit_moves import FOLLOWING

log = structlog.get_logger()

Loop = Callable[[Database], Awaitable[None]]


def run_worker(
    service: str,
    settings: DeployableSettings,
    *,
    consumers: Sequence[Consumer] = (),
    ticks: Sequence[Tick] = (),
    loops: Sequence[Loop] = (),
    rule_set_folder: Path | None = None,
    lanes: int = LANES,
) -> None:
    """Work until told to stop, or replay where the command line says so (`shared.event_gaps`).

    `lanes`: how many events of different records have their effect at the same time.
    `loops` run beside the rest for as long (job runner, deliveries). Housekeeping, what follows a moved unit, and the
    scanner of attachments where one is set, belong to every worker and come by themselves.
    """
    refuse_test_switches()
    configure(service)
    if sys.argv[1:2] == ["replay"]:
        print(asyncio.run(_replayed(service, settings, *map(int, sys.argv[2:4]))))
        return
    with suppress(asyncio.CancelledError):
        kept = (*ticks, FOLLOWING, housekeeping(settings.attachments_dir))
        scanner = (scanning(settings),) if settings.attachment_scanner == "clamav" else ()
        uvloop.run(_work(service, settings, consumers, kept, (*loops, *scanner), rule_set_folder, lanes))


async def _work(
    service: str, settings: DeployableSettings, consumers: Sequence[Consumer], ticks: Sequence[Tick],
    loops: Sequence[Loop], folder: Path | None, lanes: int,
) -> None:  # fmt: skip
    async with _stores(service, settings) as (database, bus):
        await refuse_unsafe_role(database)
        if folder is not None:
            async with database.transaction(machine(service)) as tx:
                await load(tx, folder)
        await _until_stopped(service, settings, database, bus, consumers, ticks, loops, lanes)


@asynccontextmanager
async def _stores(service: str, settings: DeployableSettings) -> AsyncIterator[tuple[Database, Bus]]:
    database = Database(service, settings.database(), pool=settings.database_pool, application=f"{service}-worker")
    seed = "" if settings.nats_seed_file is None else settings.nats_seed_file.read_text(encoding="ascii")
    bus = Bus(settings.nats_url, name=service, seed=seed)
    try:
        yield database, bus
    finally:
        await bus.close()
        await database.close()


async def _replayed(service: str, settings: DeployableSettings, after: int = -1, until: int | None = None) -> int:
    """The command `replay`: what the stream has lost, or with `after` every event since; answers how many were sent."""
    async with _stores(service, settings) as (database, bus):
        await bus.open(30)
        return await (refill(database, bus, whole=True) if after < 0 else replay(database, bus, after, until_id=until))


async def _until_stopped(
    service: str, settings: DeployableSettings, database: Database, bus: Bus, consumers: Sequence[Consumer],
    ticks: Sequence[Tick], loops: Sequence[Loop], lanes: int,
) -> None:  # fmt: skip
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    async with asyncio.TaskGroup() as group:
        parts = [group.create_task(_page(service, settings, database, bus))]
        # The page answers while the server is still away: a worker that waits for its bus is alive, not ready.
        parts.append(group.create_task(_with_bus(database, bus, consumers, lanes)))
        if ticks:
            parts.append(group.create_task(Scheduler(database, ticks).run()))
        parts += [group.create_task(_endless(loop, database)) for loop in loops]
        log.info("worker_started", service=service, consumers=len(consumers), ticks=len(ticks))
        await stop.wait()
        for part in parts:
            part.cancel()
    log.info("worker_stopped", service=service)


async def _endless(loop: Loop, database: Database) -> None:
    await loop(database)


async def _with_bus(database: Database, bus: Bus, consumers: Sequence[Consumer], lanes: int) -> None:
    await bus.open()
    async with asyncio.TaskGroup() as group:
        group.create_task(Relay(database, bus).run())
        if consumers:
            group.create_task(Consumers(database, bus, consumers, lanes=lanes).run())


async def _page(service: str, settings: DeployableSettings, database: Database, bus: Bus) -> None:
    if not settings.health_port:
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            path = (await asyncio.wait_for(reader.readline(), 2)).split(b" ")[1]
            status, kind, body = await _content(path, service, database, bus)
            head = (
                f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await writer.drain()
        except (TimeoutError, IndexError, ConnectionError):
            log.debug("health_request_unreadable")
        finally:
            writer.close()

    server = await asyncio.start_server(answer, settings.health_host, settings.health_port)
    async with server:
        await server.serve_forever()


async def _content(path: bytes, service: str, database: Database, bus: Bus) -> tuple[str, str, bytes]:
    if path == b"/metrics":
        return "200 OK", "text/plain; version=0.0.4", generate_latest()
    if path == b"/healthz":
        return "200 OK", "application/json", b'{"status":"ok"}'
    parts = await parts_of(database, directory=service != "gateway")
    parts["bus"] = "ok" if bus.connected else "not connected"
    good = all(value == "ok" for value in parts.values())
    body = json.dumps({"status": "ready" if good else "not_ready", "parts": parts}).encode()
    return ("200 OK" if good else "503 Service Unavailable"), "application/json", body
