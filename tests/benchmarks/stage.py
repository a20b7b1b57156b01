"""The stage of a measurement: engines and processes as in production, in a directory that is removed afterwards.

Two gateways stand before two services: the product's claims service, and the bare endpoint on the same path. Both are
the same program with the same flags; the limits of requests a minute are lifted, or they would be what is measured.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine

from embedded.client import Gateway
from embedded.demonstration.network import DEFAULT_PROVINCE
from embedded.demonstration.people import staff_by
from embedded.engines.process import EngineDied, EngineProcess, free_port
from embedded.filling import fill
from embedded.home import HOST, ROOT, Home
from embedded.parts import Part, all_parts
from embedded.screen import step
from embedded.start import PASSWORD, Engines, base_seed, prepare_databases, start_engines
from tests.benchmarks import bare

_PATIENCE_S = 180.0
_NO_LIMIT = str(10**9)
_LIFTED = {f"GATEWAY_RATE_{name}": _NO_LIMIT for name in ("READ", "WRITE", "MACHINE", "SIGN_IN", "SOURCE")}
_GATEWAY_TO_BARE = "gateway to bare"
_BARE = "bare API"


@dataclass
class Stage:
    """What runs, and where."""

    home: Home
    engines: Engines
    parts: dict[str, Part]
    running: dict[str, EngineProcess]
    hanging: socket.socket
    """Stands for the policy service behind the second gateway: takes every connection and answers nothing."""

    def pid(self, name: str) -> int:
        return self.running[name].pid

    @property
    def postgres(self) -> int:
        """Process id of the server."""
        return self.engines.postgres.process.pid

    def port(self, name: str) -> int:
        """Where an API listens."""
        command = self.parts[name].command
        return int(command[command.index("--port") + 1])

    def dsn(self, database: str) -> str:
        """For looking into a database beyond every scope."""
        return self.engines.postgres.dsn(database)

    def bare_url(self) -> str:
        return self.dsn(bare.DATABASE).replace("postgresql://", "postgresql+asyncpg://")

    def start(self, *names: str) -> None:
        """Start these parts and wait until each says that it is ready. Raises `EngineDied`, `TimeoutError`."""
        for name in names:
            file = name.replace(" ", "-").lower()
            process = EngineProcess(name, self.home.logs / f"{file}.lock", self.home.logs / f"{file}.log")
            with process.held() as held:
                environment = dict(self.parts[name].environment)
                process.start(
                    self.parts[name].command, held, place=ROOT, environment=environment, death_signal=signal.SIGTERM
                )
            self.running[name] = process
        for name in names:
            self.wait_for(name, lambda name=name: self._ready(name))

    def _ready(self, name: str) -> bool:
        process = self.running[name]
        if not process.alive:
            raise EngineDied(f"{name} ended with {process.exit_code}\n{process.log_end()}")
        return self.parts[name].ready()[0]

    def wait_for(self, what: str, met: Callable[[], bool], *, every_s: float = 0.1) -> None:
        """Raises `TimeoutError` where it does not come true."""
        until = time.monotonic() + _PATIENCE_S
        while not met():
            if time.monotonic() > until:
                raise TimeoutError(f"{what}: not after {_PATIENCE_S:g} s")
            time.sleep(every_s)

    def stop(self, *names: str) -> None:
        """Stop these parts, APIs before workers; without names all."""
        chosen = sorted(names or tuple(self.running), key=lambda name: name.endswith("worker"))
        for name in chosen:
            self.running[name].ask(signal.SIGTERM)
        for name in chosen:
            self.running.pop(name).stop([(signal.SIGTERM, 15.0)])

    def fetch(self, database: str, query: str, *values: object) -> list[asyncpg.Record]:
        """Rows, as the superuser sees them."""

        async def ask() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.dsn(database), timeout=10)
            try:
                return await connection.fetch(query, *values)
            finally:
                await connection.close()

        return asyncio.run(ask())

    def sign_in(self) -> str:
        """An access token of a service agent who sees the whole branch; it lives for five minutes."""
        login = staff_by("service_agent", DEFAULT_PROVINCE)[0]["login"]
        gateway = Gateway(f"http://{HOST}:{self.port('gateway API')}")
        try:
            answer = gateway.send("POST", "/v1/session", json={"login": login, "password": PASSWORD})
            answer.raise_for_status()
            return answer.json()["access_token"]
        finally:
            gateway.close()


@contextmanager
def stage(policies: int, today: date) -> Iterator[Stage]:
    """Everything up and filled; the workers are stopped again. Afterwards no process and no file is left."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        home = Home(Path(folder) / "home")
        home.prepare()
        engines = start_engines(home)
        made = Stage(home, engines, {}, {}, _hanging())
        try:
            prepare_databases(home, engines)
            base_seed(home, engines, (DEFAULT_PROVINCE,))
            made.parts = _parts(made)
            _fill(made, policies, today)
            _start_bare(made)
            yield made
        finally:
            try:
                made.stop()
            finally:
                made.hanging.close()
                engines.stop()


def _hanging() -> socket.socket:
    found = socket.socket()
    found.bind((HOST, 0))
    found.listen(1024)
    return found


def _parts(made: Stage) -> dict[str, Part]:
    given = all_parts(made.home, made.engines.postgres, made.engines.nats, free_port())
    # in production no process reads a movable clock
    kept = [{name: value for name, value in part.environment.items() if name != "ANLAN_CLOCK_FILE"} for part in given]
    found = {part.name: replace(part, environment=told) for part, told in zip(given, kept, strict=True)}
    gateway = found["gateway API"]
    found["gateway API"] = replace(gateway, environment={**gateway.environment, **_LIFTED})
    bare_api = _on_port(found["claims API"], "services.claims.app", "tests.benchmarks.bare")
    variables = {name: gateway.environment[name] for name in ("PATH", "HOME", "PYTHONUNBUFFERED")}
    found[_BARE] = replace(bare_api, name=_BARE, environment={**variables, bare.URL_VARIABLE: made.bare_url()})
    hanging = f"http://{HOST}:{made.hanging.getsockname()[1]}"
    urls = {"claims": f"http://{HOST}:{_port_of(found[_BARE])}", "policy": hanging}
    told = {"GATEWAY_SERVICE_URLS": json.dumps(urls)}
    second = _on_port(found["gateway API"], "gateway.app", "gateway.app")
    found[_GATEWAY_TO_BARE] = replace(
        second, name=_GATEWAY_TO_BARE, environment={**found["gateway API"].environment, **told}
    )
    return found


def _on_port(part: Part, module: str, other: str) -> Part:
    """The same command for another application on a port of its own."""
    port = str(free_port())
    command = [one.replace(f"{module}:", f"{other}:") for one in part.command]
    command[command.index("--port") + 1] = port
    return replace(part, command=tuple(command), health=f"http://{HOST}:{port}/readyz")


def _port_of(part: Part) -> int:
    return int(part.command[part.command.index("--port") + 1])


def _fill(made: Stage, policies: int, today: date) -> None:
    """Customers and policies as the core system brings them, until claims and crm know them all."""
    workers = tuple(f"{name} worker" for name in ("gateway", "policy", "claims", "crm"))
    others = ("policy API", "crm API")
    with step("gateway, policy, claims, crm"):
        made.start(*workers, "gateway API", "claims API", *others)
    with step("customers and policies") as told:
        fill(made.home, f"http://{HOST}:{made.port('gateway API')}", today, count=policies)
        covered = "select count(distinct policy_id) as n from cover_versions"
        referred = "select count(*) as n from policy_references"
        made.wait_for("covers in claims", lambda: made.fetch("anlan_claims", covered)[0]["n"] >= policies)
        made.wait_for("policies in crm", lambda: made.fetch("anlan_crm", referred)[0]["n"] >= policies)
        told.append(f"{policies} policies")
    made.stop(*workers, *others)


def _start_bare(made: Stage) -> None:
    async def prepare() -> None:
        connection = await asyncpg.connect(made.dsn("postgres"), timeout=10)
        try:
            await connection.execute(f"create database {bare.DATABASE}")
        finally:
            await connection.close()
        engine = create_async_engine(made.bare_url())
        await bare.prepare(engine)
        await engine.dispose()

    with step("bare endpoint, and a gateway before it"):
        asyncio.run(prepare())
        made.start(_BARE, _GATEWAY_TO_BARE)
