"""The policy service as a process that can be killed: `uvicorn tests.support.policy_process:create_app --factory`."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from services.policy.app import create_app as product
from services.policy.settings import PolicySettings
from tests.support.tokens import ROOT

URL, FOLDER = "TEST_DATABASE_URL", "TEST_FOLDER"


def create_app() -> FastAPI:
    """The service over the keys and secrets that the test's own service has written to the folder."""
    folder = Path(os.environ[FOLDER])
    return product(
        PolicySettings(
            database_url=os.environ[URL], keys_file=folder / "keys.json", secret_file=folder / "secret",
            digest_key_file=folder / "digest", attachments_dir=folder / "attachments", database_pool=5,
        )
    )  # fmt: skip


@dataclass
class PolicyProcess:
    """Starts, dies and comes back at one port."""

    url: str
    folder: Path
    port: int = 0
    _process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        environment = {**os.environ, URL: self.url, FOLDER: str(self.folder)}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "uvicorn", "tests.support.policy_process:create_app", "--factory", "--port",
            str(self.port), "--log-level", "error", cwd=ROOT, env=environment, stderr=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip

    async def ready(self) -> None:
        """Wait until it listens."""
        async with asyncio.timeout(60):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.1)
                else:
                    writer.close()
                    return

    async def kill(self) -> None:
        """End it in the middle of whatever it does."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
