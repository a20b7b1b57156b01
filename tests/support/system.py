"""The whole platform in one process: the gateway and five services on ports of their own, their workers on demand.

Nothing happens by itself: `drain` publishes what the outboxes hold and applies it everywhere until all is quiet, `tick`
does what has become due, `stop` and `start` take a service away and bring it back at the same address.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import uvicorn
from joserfc import jwt
from joserfc.jwk import OKPKey
from starlette.types import ASGIApp

from embedded.demonstration.network import teams, units
from embedded.demonstration.people import people
from gateway.app import create_app as create_gateway
from gateway.consumers import CONSUMERS
from gateway.forwarding.client_connection import ClientConnection
from gateway.identity.machines import register_machine_key
from gateway.organisation.tables import Person
from gateway.seed import seed_network
from shared.actor import machine
from shared.clock import process_now
from shared.consuming import Consumers
from shared.database import Database
from shared.job_runner import Runner
from shared.kernel import kernel
from shared.relay import Relay
from shared.rule_sets import load
from shared.ticks import Tick, run_once
from tests.support import gateway, services
from tests.support.engines import Clones, NatsCredentials
from tests.support.gateway import HASH, SIGNING, GatewayUnderTest, SignedIn
from tests.support.streams import bus, fresh_streams

SERVICES = ("policy", "claims", "risk", "complaints", "crm")
STORY_UNITS = ("00", "32", "3200", "3201", "3202", "320102", "320104", "320205")
CORE, CORE_KEY = "M0001", OKPKey.generate_key("Ed25519", parameters={"kid": "core-1"})
QUOTAS = dict.fromkeys(("rate_read", "rate_write", "rate_machine", "rate_sign_in", "rate_source"), 100_000)
NO_AGE = {"password_max_days": 0}
"""A story may last for months: its people's passwords do not grow old in between."""


class Server:
    """One application at one address, which it keeps when it is stopped and started again."""

    def __init__(self) -> None:
        self.port = 0
        self._work: asyncio.Task[None] | None = None
        self._server: uvicorn.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self._work is not None

    def reserve(self) -> None:
        """Choose the port, so that others can be told of it before the application runs."""
        with _listening(0) as taken:
            self.port = taken.getsockname()[1]

    async def start(self, app: ASGIApp, http: Any = "httptools") -> None:
        config = uvicorn.Config(
            app, http=http, ws="none", proxy_headers=False, server_header=False, log_config=None,
            timeout_graceful_shutdown=2, lifespan="on",
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
        taken = _listening(self.port)
        self.port = taken.getsockname()[1]
        self._work = asyncio.create_task(self._server.serve(sockets=[taken]))
        while not self._server.started and not self._work.done():  # noqa: ASYNC110 - the server tells by a flag alone
            await asyncio.sleep(0.005)
        assert self._server.started, "the application did not start"

    async def stop(self) -> None:
        if self._server is not None and self._work is not None:
            self._server.should_exit = True
            await self._work
        self._server = self._work = None


def _listening(port: int) -> socket.socket:
    # the loop sends small pieces at once only on sockets that say they are TCP
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.bind(("127.0.0.1", port))
    return taken


@dataclass
class Worker:
    """A deployable's second process: what it publishes and hears, by hand."""

    database: Database
    relay: Relay
    consumers: Consumers | None
    ticks: tuple[Any, ...] = ()
    runner: Runner | None = None

    async def close(self) -> None:
        await self.relay.bus.close()
        await self.database.close()


@dataclass
class System:
    """Everything at once. `gateway` is the way in; nobody calls a service directly."""

    gateway: GatewayUnderTest
    folder: Path
    urls: Mapping[str, str]
    credentials: NatsCredentials
    servers: dict[str, Server]
    workers: dict[str, Worker] = field(default_factory=dict)
    entered: dict[str, SignedIn] = field(default_factory=dict)
    core_token: str = ""

    async def start(self, name: str) -> None:
        """Start the service and its worker, as after a reboot."""
        await self.servers[name].start(_service(name, self.urls[name], self.folder / name))
        self.workers[name] = await _worker(name, self.urls[name], self.credentials, self.folder / name)

    async def stop(self, *names: str) -> None:
        """Take services and their workers away; what they have not heard waits for them."""
        for name in names:
            await self.servers[name].stop()
            await self.workers.pop(name).close()

    def feed(self) -> None:
        """From now on the gateway hears every event for its feed too, those of before included."""
        worker = self.workers["gateway"]
        if worker.consumers is None:
            worker.consumers = Consumers(worker.database, worker.relay.bus, CONSUMERS)

    async def drain(self) -> int:
        """Publish and apply everything that waits, of whatever runs, until nothing new comes; answers how many effects
        there were."""
        total = 0
        while True:
            sent = sum([await one.relay.drain() for one in self.workers.values()])
            applied = sum([await one.consumers.drain() for one in self.workers.values() if one.consumers is not None])
            total += applied
            if not sent and not applied:
                return total

    async def tick(self, *names: str) -> int:
        """One pass of what time brings in these services (all that run where none is named)."""
        done = 0
        for name in names or tuple(self.workers):
            for one in self.workers[name].ticks:
                done += await run_once(self.workers[name].database, one)
        return done

    async def work(self, name: str) -> None:
        """Carry out the jobs that wait in this service."""
        runner = self.workers[name].runner
        assert runner is not None, f"{name} has no jobs"
        while await runner.run_once():
            pass

    async def enter(self, position: str, unit_code: str, number: int = 0) -> SignedIn:
        """The `number`-th holder of the position at the unit, signed in once."""
        key = f"{position}@{unit_code}#{number}"
        if key not in self.entered:
            self.entered[key] = await self.gateway.enter(position, unit_code, number)
        return self.entered[key]

    def forget_sign_ins(self) -> None:
        """After the clock was moved every token is of another time."""
        self.entered.clear()
        self.core_token = ""

    async def core(self) -> str:
        """An access token of the core system of the head office, by an assertion with a key of its own."""
        if not self.core_token:
            await register_machine_key(self.gateway.db, CORE, CORE_KEY.as_dict(private=False))
            now = int(process_now().timestamp())
            said = {
                "iss": CORE, "sub": CORE, "aud": "http://gateway/v1/token", "jti": str(uuid4()), "iat": now,
                "exp": now + 60,
            }  # fmt: skip
            given = jwt.encode({"alg": "Ed25519", "kid": CORE_KEY.kid}, said, CORE_KEY, algorithms=["Ed25519"])
            form = {"grant_type": "client_credentials", "client_assertion": given}
            answer = await self.gateway.client.post("/v1/token", data=form)
            assert answer.status_code == 200, answer.text
            self.core_token = answer.json()["access_token"]
        return self.core_token

    async def rows(self, service: str, statement: Any) -> list[Mapping[str, Any]]:
        """Rows of a service's database, whatever their scope."""
        async with self.workers[service].database.transaction(machine(service)) as tx:
            return [dict(row) for row in (await tx.execute(statement)).mappings()]

    async def told(self, service: str, record_id: Any) -> list[Mapping[str, Any]]:
        """The outbox rows about a record, in the order in which they were written."""
        outbox = kernel.tables["outbox"]
        wanted = outbox.c.record_id == UUID(str(record_id))
        return await self.rows(service, outbox.select().where(wanted).order_by(outbox.c.id))

    async def heard(self, service: str, events: Iterable[Mapping[str, Any]]) -> dict[str, int]:
        """Subject → how often events of these outbox rows were applied in `service`."""
        inbox = kernel.tables["inbox"]
        ids = {one["event_id"]: one["subject"] for one in events}
        rows = await self.rows(service, inbox.select().where(inbox.c.event_id.in_(list(ids))))
        return dict(Counter(ids[row["event_id"]] for row in rows))

    async def person_id(self, staff_no: str) -> UUID:
        [row] = await self.gateway.rows(Person.__table__, Person.staff_no == staff_no)
        return row["id"]


def _service(name: str, url: str, folder: Path) -> ASGIApp:
    """The service's application, which trusts the gateway's key."""
    chosen = services.settings_of(name, url, folder)
    keys = {"keys": [SIGNING.as_dict(private=False)]}
    (folder / "keys.json").write_text(json.dumps(keys), encoding="ascii")
    return importlib.import_module(f"services.{name}.app").create_app(chosen)


async def _worker(name: str, url: str, credentials: NatsCredentials, folder: Path) -> Worker:
    """What `python -m services.<name>.worker` would run, its rule sets loaded."""
    database = Database(name, url, pool=4, application=f"{name}-worker")  # type: ignore[arg-type]
    connection = bus(credentials, name)
    relay = Relay(database, connection)
    if name == "gateway":
        return Worker(database, relay, None)
    module = importlib.import_module(f"services.{name}.worker")
    async with database.transaction(machine(name)) as tx:
        await load(tx, module.RULE_SETS)
    made = Worker(database, relay, Consumers(database, connection, module.CONSUMERS), _ticks(module))
    if name == "policy":
        made.runner = Runner(database, {module.IMPORT: module.import_line(b"d" * 32)})
    return made


def _ticks(module: Any) -> tuple[Any, ...]:
    """The ticks that the worker's module names, singly or together."""
    single = [one for one in vars(module).values() if isinstance(one, Tick)]
    return (*single, *getattr(module, "TICKS", ()))


@asynccontextmanager
async def platform(
    clones: Clones, credentials: NatsCredentials, folder: Path, story: Iterable[str] = STORY_UNITS
) -> AsyncIterator[System]:
    """The platform with the story units of one province, their people, and everything that the services must know."""
    names = ("gateway", *SERVICES)
    urls = {name: clones.application_url(name) for name in names}
    await asyncio.gather(fresh_streams(credentials), clones.reset(*names))
    servers = {name: Server() for name in SERVICES}
    for name, server in servers.items():
        server.reserve()
        (folder / name).mkdir()
    told = {name: server.url for name, server in servers.items()}
    app = create_gateway(gateway.settings_of(urls["gateway"], folder, service_urls=told, **QUOTAS, **NO_AGE))
    await _seed(app.state.db, set(story))
    front = Server()
    await front.start(app, ClientConnection)
    async with httpx.AsyncClient(base_url=front.url, timeout=20, trust_env=False) as client:
        system = System(GatewayUnderTest(app, client, app.state.db), folder, urls, credentials, servers)
        system.workers["gateway"] = await _worker("gateway", urls["gateway"], credentials, folder)
        try:
            for name in SERVICES:
                await system.start(name)
            await system.drain()
            yield system
        finally:
            await system.stop(*(name for name in SERVICES if name in system.workers))
            await system.workers["gateway"].close()
            await front.stop()


async def _seed(db: Database, story: set[str]) -> None:
    """The story units only: what the other hundred units are called does not change a story."""
    kept = [one for one in units() if one["code"] in story]
    sellers = [one for one in teams() if one["unit_code"] in story]
    staff = [one for one in people() if one["appointments"][0]["unit_code"] in story]
    await seed_network(db, kept, sellers, staff, HASH)
