"""The engines of this test run as a worker sees them: one cluster and one nats-server for all, own databases.

Whoever asks first starts them (`join`), the controller stops them (`leave`). A deployable's template is migrated once
per run, when the first worker needs it; each worker gets its clone.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from embedded import databases
from embedded.engines.nats import greeting
from embedded.engines.nats_config import BOOTSTRAP
from embedded.engines.process import start_time
from shared.migrations import migrate
from tests.support import pristine
from tests.support.engine_host import FAILURE, STATE

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parents[2]

_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class EngineRun:
    """Where the engines of this run are, and every secret to get in."""

    directory: Path
    host_pid: int
    host_born: int
    postgres_port: int
    postgres_nonce: str
    superuser_password: str
    passwords: dict[str, str]
    nats_port: int
    nats_monitor_url: str
    nats_nonce: str
    bootstrap_seeds: dict[str, str]
    seeds: dict[str, dict[str, str]]

    def superuser_dsn(self, database: str = "postgres") -> str:
        """For asyncpg, as the superuser: for what a test has to see beyond every scope, never for code under test."""
        return f"postgresql://postgres:{self.superuser_password}@{HOST}:{self.postgres_port}/{database}"

    def url(self, role: str, database: str) -> str:
        """For SQLAlchemy, as one of the seven roles."""
        return f"postgresql+asyncpg://{role}:{self.passwords[role]}@{HOST}:{self.postgres_port}/{database}"


@dataclass(frozen=True)
class NatsCredentials:
    """One worker's way into its own NATS account."""

    url: str
    monitor_url: str
    account: str
    bootstrap_seed: str
    seeds: dict[str, str] = field(repr=False)
    """Deployable → NKEY seed."""

    def seed(self, user: str) -> str:
        """Seed of a deployable, or of `bootstrap`."""
        return self.bootstrap_seed if user == BOOTSTRAP else self.seeds[user]


def join(directory: Path, controller: int, workers: list[str]) -> EngineRun:
    """The engines of the run; the first one to ask starts them. `controller`: pid with whose end they end."""
    directory.mkdir(mode=0o700, exist_ok=True)
    with _locked(directory / "start.lock"):
        if not (directory / STATE).exists():
            _start_host(directory, controller, workers)
    run = EngineRun(directory, **json.loads((directory / STATE).read_text(encoding="ascii")))
    apart(lambda: _assert_postgres(run))
    assert greeting(HOST, run.nats_port)["server_name"] == run.nats_nonce, "a stranger answers on the port of NATS"
    return run


def leave(directory: Path) -> None:
    """Stop the engines, wait until they are gone, leave no file. Nothing to do where nobody joined."""
    if (directory / STATE).exists():
        state = json.loads((directory / STATE).read_text(encoding="ascii"))
        pid, born = state["host_pid"], state["host_born"]
        if start_time(pid) == born:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 60
        while start_time(pid) == born:
            assert time.monotonic() < deadline, f"the holder of the engines (process {pid}) does not end"
            time.sleep(0.02)
        for host in _started:  # fetch our own child, or it stays in the process table
            host.poll()
    shutil.rmtree(directory, ignore_errors=True)


def credentials(run: EngineRun, worker: str) -> NatsCredentials:
    """The worker's own account."""
    return NatsCredentials(
        url=f"nats://{HOST}:{run.nats_port}",
        monitor_url=run.nats_monitor_url,
        account=worker,
        bootstrap_seed=run.bootstrap_seeds[worker],
        seeds=run.seeds[worker],
    )


class Clones:
    """One worker's databases, each cloned from its template when it is first asked for."""

    def __init__(self, run: EngineRun, worker: str) -> None:
        self.run, self.worker = run, worker
        self._made: dict[str, str] = {}
        self._sweepers: dict[str, asyncpg.Connection] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def name(self, deployable: str) -> str:
        """Name of the worker's database of this deployable: `anlan_claims_gw0`. Made when missing."""
        if deployable not in self._made:
            self._made[deployable] = self._clone(deployable)
        return self._made[deployable]

    def application_url(self, deployable: str) -> str:
        """Address for the deployable's own role, as it runs in production."""
        return self.run.url(databases.role_of(deployable), self.name(deployable))

    def owner_url(self, deployable: str) -> str:
        """Address for the role that migrations use."""
        return self.run.url(databases.OWNER, self.name(deployable))

    def superuser_dsn(self, deployable: str) -> str:
        """Address for looking beyond every scope, for asyncpg."""
        return self.run.superuser_dsn(self.name(deployable))

    async def reset(self, *deployables: str) -> None:
        """Back to what the migrations left; without names: all that were asked for so far."""
        await asyncio.gather(*(self._reset(deployable) for deployable in deployables or tuple(self._made)))

    async def close(self) -> None:
        """Close the connections that `reset` keeps open."""
        if self._loop is asyncio.get_running_loop():
            for connection in self._sweepers.values():
                await connection.close()
        self._sweepers.clear()

    def _clone(self, deployable: str) -> str:
        template = databases.database_of(deployable)
        with _locked(self.run.directory / f"{template}.lock"):
            done = self.run.directory / f"{template}.migrated"
            if not done.exists():
                migrate(deployable, self.run.url(databases.OWNER, template))
                apart(lambda: _install(self.run.superuser_dsn(template)))
                done.touch()
        name = f"{template}_{self.worker}"
        statements = [f"create database {name} owner {databases.OWNER} template {template}"]
        statements += databases.grants(name, databases.role_of(deployable))  # rights on a database are not cloned
        role = databases.role_of(deployable)
        statements += [f"alter role {role} in database {name} set {one} = '{time}'" for one, time in PATIENCE.items()]
        apart(lambda: _execute(self.run.superuser_dsn(), statements))
        return name

    async def _reset(self, deployable: str) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._sweepers.clear()
            self._loop = loop
        connection = self._sweepers.get(deployable)
        if connection is None or connection.is_closed():
            connection = await asyncpg.connect(self.superuser_dsn(deployable), timeout=10)
            await connection.execute("set lock_timeout = '5s'")  # a test that left its transaction open is told so
            self._sweepers[deployable] = connection
        await connection.execute("select pristine.reset()")


PATIENCE = {"lock_timeout": "10s", "statement_timeout": "20s"}
"""Longer than in production: on a machine shared with other work no test may fail for slowness."""


class Urls(Mapping[str, str]):
    """Deployable → address. Asking for one makes its database."""

    def __init__(self, url: Callable[[str], str]) -> None:
        self._url = url

    def __getitem__(self, deployable: str) -> str:
        if deployable not in databases.DEPLOYABLES:
            raise KeyError(deployable)
        return self._url(deployable)

    def __iter__(self) -> Iterator[str]:
        return iter(databases.DEPLOYABLES)

    def __len__(self) -> int:
        return len(databases.DEPLOYABLES)


def apart(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine to its end in a thread and loop of its own: the caller's loop may be running or not."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.extend((True, asyncio.run(work())))
        except BaseException as fault:
            outcome.extend((False, fault))

    thread = threading.Thread(target=run, name="apart")
    thread.start()
    thread.join()
    well, value = outcome
    if not well:
        raise value
    return value


def _start_host(directory: Path, controller: int, workers: list[str]) -> None:
    command = [sys.executable, "-m", "tests.support.engine_host", str(directory), str(controller), *workers]
    with (directory / "host.log").open("wb") as log:
        host = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    _started.append(host)
    while not (directory / STATE).exists():
        if host.poll() is not None:
            failure = directory / FAILURE
            said = failure if failure.exists() else directory / "host.log"
            raise RuntimeError(f"the engines did not start:\n{said.read_text(encoding='utf-8', errors='replace')}")
        time.sleep(0.01)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


async def _assert_postgres(run: EngineRun) -> None:
    connection = await asyncpg.connect(run.superuser_dsn(), timeout=10)
    try:
        found = await connection.fetchval("show cluster_name")
        assert found == run.postgres_nonce, "a stranger answers on the port of PostgreSQL"
    finally:
        await connection.close()


async def _install(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        await pristine.install(connection)
    finally:
        await connection.close()


async def _execute(dsn: str, statements: list[str]) -> None:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
