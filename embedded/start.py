"""From nothing to a running system on one machine.

Engines, databases, streams, base seed, processes, demonstration data: one line for each.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from embedded import databases
from embedded.acquaintance import acquainted
from embedded.demonstration import network, people
from embedded.engines.nats import NatsServer
from embedded.engines.nats_config import BOOTSTRAP
from embedded.engines.postgres import PostgresCluster
from embedded.engines.process import free_port
from embedded.filling import fill
from embedded.home import DEPLOYABLES, HOST, ROOT, Home
from embedded.machines import CORE, core_public_key
from embedded.parts import all_parts
from embedded.screen import say, step
from embedded.supervisor import Stopped, Supervisor
from shared.clock import legal_day, process_now
from shared.messaging import declare_streams
from shared.migrations import migrate

PASSWORD = "Anlan-demo-2026"  # noqa: S105 - the demonstration's accounts exist on this machine's loopback only
PORT = 8000


class AlreadyRunning(RuntimeError):
    """Another start holds this installation."""


@dataclass
class Engines:
    """Both engines, started."""

    postgres: PostgresCluster
    nats: NatsServer

    def stop(self) -> None:
        self.nats.stop()
        self.postgres.stop()


@contextmanager
def only_one(home: Home) -> Iterator[None]:
    """Hold the installation. Raises `AlreadyRunning`, saying where the other one answers."""
    descriptor = os.open(home.path / "run.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        running = json.loads(home.state_file.read_text()) if home.state_file.exists() else {}
        where = f" at {running['url']} (process {running['pid']})" if running else ""
        raise AlreadyRunning(f"Anlan is running already{where}.") from None
    try:
        yield
    finally:
        home.state_file.unlink(missing_ok=True)
        os.close(descriptor)


def start_engines(home: Home) -> Engines:
    """PostgreSQL and NATS, each verified to be our own."""
    with step("PostgreSQL") as told:
        postgres = home.postgres()
        postgres.start()
        asyncio.run(postgres.verify())
        told.append(f"port {postgres.port}")
    with step("NATS") as told:
        nats = home.nats()
        nats.seeds()
        nats.start()
        nats.verify()
        told.append(f"port {nats.port}")
    return Engines(postgres, nats)


def prepare_databases(home: Home, engines: Engines) -> None:
    """Roles, databases and every migration; safe to run again."""
    with step("databases and roles"):
        roles = [databases.OWNER, *map(databases.role_of, DEPLOYABLES)]
        passwords = {role: home.password(role) for role in roles}
        asyncio.run(databases.provision(engines.postgres.dsn(), DEPLOYABLES, passwords))
    with step("migrations"):
        for deployable in DEPLOYABLES:
            migrate(deployable, home.owner_url(deployable, engines.postgres))
    with step("streams"):
        seed = engines.nats.seed_file(BOOTSTRAP).read_text(encoding="ascii")
        asyncio.run(declare_streams(engines.nats.url, seed))


def base_seed(home: Home, engines: Engines, provinces: tuple[str, ...]) -> None:
    """The tree, the people of the demonstration, tables of limits, rule sets; what is there already stays."""
    with step("tree, people, rule sets") as told:
        given: dict[str, Any] = {
            "units": network.units(provinces),
            "teams": network.teams(provinces),
            "people": [_account(one) for one in people.people(network.DEFAULT_PROVINCE)],
            "password": PASSWORD,
            "machine_keys": {CORE: core_public_key(home)},
        }
        with tempfile.NamedTemporaryFile("w", dir=home.path, suffix=".json", encoding="utf-8") as file:
            json.dump(given, file, ensure_ascii=False)
            file.flush()
            environment = gateway_environment(home, engines)
            command = [sys.executable, "-m", "gateway.seed", "network", file.name]
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"the base seed failed:\n{done.stderr[-3000:]}")
        told.append(done.stdout.strip())


def _account(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "duty"}


def gateway_environment(home: Home, engines: Engines) -> dict[str, str]:
    """What a command of the gateway is told."""
    told = home.environment("gateway", engines.postgres, engines.nats)
    return told | {"GATEWAY_SIGNING_KEY_FILE": str(home.signing_key)}


def choose_port() -> int:
    """The gateway's port: the one asked for, else 8000 where it is free, else any free one."""
    wanted = os.environ.get("ANLAN_PORT")
    if wanted:
        return int(wanted)
    with socket.socket() as probe:
        try:
            probe.bind((HOST, PORT))
            return PORT
        except OSError:
            return free_port()


def run(*, provinces: tuple[str, ...] = (network.DEFAULT_PROVINCE,), demonstration: bool = True) -> int:
    """Start everything, stay until asked to stop, stop everything in order. The exit code of the command."""
    home = Home.chosen()
    home.prepare()
    os.environ.setdefault("ANLAN_CLOCK_FILE", str(home.clock_file))
    began = time.monotonic()
    try:
        with only_one(home):
            supervisor = Supervisor(home)
            engines: Engines | None = None
            try:
                say("Anlan starts.")
                engines = start_engines(home)
                prepare_databases(home, engines)
                base_seed(home, engines, provinces)
                url = _start_parts(home, supervisor, engines)
                if demonstration:
                    _fill_once(home, url)
                _welcome(url, time.monotonic() - began)
                supervisor.watch([engines.postgres, engines.nats])
            except Stopped:
                say("\nAnlan stops.")
            finally:
                supervisor.stop()
                if engines is not None:
                    engines.stop()
                say("Everything is stopped; the data stay in " + str(home.path))
    except AlreadyRunning as refusal:
        say(str(refusal))
        return 1
    return 0


def _start_parts(home: Home, supervisor: Supervisor, engines: Engines) -> str:
    port = choose_port()
    url = f"http://{HOST}:{port}"
    parts = all_parts(home, engines.postgres, engines.nats, port)
    for part in parts:
        supervisor.start(part)
    supervisor.wait_ready(parts)
    with step("units and people in every service") as told:
        told.append(f"{asyncio.run(acquainted(engines.postgres))} people")
    state = {"url": url, "pid": os.getpid(), "password": PASSWORD, "postgres_port": engines.postgres.port}
    nats = {"nats_url": engines.nats.url, "nats_monitor_url": engines.nats.monitor_url}
    home.state_file.write_text(json.dumps(state | nats), encoding="utf-8")
    return url


def _fill_once(home: Home, url: str) -> None:
    mark = home.path / "filled.json"
    if mark.exists():
        return
    with step("customers and policies") as told:
        today: date = legal_day(process_now())
        customers, policies = fill(home, url, today)
        mark.write_text(json.dumps({"today": today.isoformat(), "policies": policies}), encoding="utf-8")
        told.append(f"{customers} customers, {policies} policies through the gateway")


ACCOUNTS = (
    ("service_agent", "320102"),
    ("surveyor", "320102"),
    ("adjuster", "320102"),
    ("claims_approver", "320102"),
    ("claims_approver", "3201"),
    ("claims_approver", "32"),
    ("cashier", "3201"),
    ("risk_engineer", "3201"),
    ("complaint_officer", "32"),
    ("department_head", "32"),
    ("rules_manager", "00"),
)


def _welcome(url: str, seconds: float) -> None:
    say(f"\nAnlan is ready after {seconds:.0f} s.")
    say(f"  documentation   {url}/docs")
    say(f'  sign in         POST {url}/v1/session  {{"login": "…", "password": "{PASSWORD}"}}')
    say("  accounts of the demonstration (all with this password):")
    for position, unit in ACCOUNTS:
        holder = people.staff_by(position, unit)[0]
        say(f"    {holder['login']:<8} {position:<18} at {unit}")
    say("  the story       make demo   (in another terminal)")
    say("  stop            Ctrl-C\n")


def running(home: Home) -> dict[str, Any]:
    """What runs at this moment. Raises `FileNotFoundError` with a sentence where nothing does."""
    if not home.state_file.exists():
        raise FileNotFoundError("Anlan is not running here; start it with: make run")
    return json.loads(Path(home.state_file).read_text(encoding="utf-8"))
