"""SIGTERM while requests are under way: each of them is answered, nothing new is let in, kept connections end."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

import gateway.app
from tests.support import engines
from tests.support.forwarding_world import StandIn
from tests.support.gateway_process import FOLDER, SERVICES, URL

ROOT = Path(gateway.app.__file__).parents[1]
READ = b"GET /v1/claims HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer agent\r\n\r\n"


def production_flags() -> list[str]:
    """The flags that the application itself names for production."""
    told = " ".join((gateway.app.__doc__ or "").split())
    found = re.search(r"--factory (.+?)`", told)
    assert found is not None
    return found[1].split()


@asynccontextmanager
async def gateway_process(
    url: str, folder: Path, services: Mapping[str, str]
) -> AsyncIterator[tuple[int, asyncio.subprocess.Process]]:
    environment = {**os.environ, URL: url, FOLDER: str(folder), SERVICES: json.dumps(services)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "uvicorn", "tests.support.gateway_process:create_app", "--factory", "--port", "0",
        *production_flags(), cwd=ROOT, env=environment, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        line = b""
        async with asyncio.timeout(30):
            while b"running on http" not in line:
                line = await process.stderr.readline()
                assert line, "the gateway ended before it served"
        found = re.search(rb":([0-9]+) ", line)
        assert found is not None
        reading = asyncio.create_task(process.stderr.read())
        yield int(found[1]), process
        reading.cancel()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: ([0-9]+)", head.lower())
    assert length is not None
    return head, await reader.readexactly(int(length[1]))


@pytest.mark.parametrize("under_way", [12])
async def test_a_stopping_gateway_answers_what_it_has_and_takes_nothing_new(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path, under_way: int
):
    arrived, release = asyncio.Semaphore(0), asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        arrived.release()
        await release.wait()
        return web.json_response({"answered": True})

    async with StandIn("claims").running() as claims:
        urls = {"claims": f"http://localhost:{claims.port}"}
        async with gateway_process(database_urls["gateway"], tmp_path, urls) as (port, process):
            kept, kept_writer = await asyncio.open_connection("127.0.0.1", port)
            kept_writer.write(READ)
            assert (await answer(kept))[0].startswith(b"HTTP/1.1 200 ")
            claims.behaviour = slow
            open_now = [await asyncio.open_connection("127.0.0.1", port) for _ in range(under_way)]
            for _, writer in open_now:
                writer.write(READ)
            for _ in open_now:
                await asyncio.wait_for(arrived.acquire(), 5)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            # the idle connection is closed, and nobody new gets in, while the others still wait for their answers
            assert await asyncio.wait_for(kept.read(), 5) == b""
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            assert process.returncode is None
            release.set()
            found = [await asyncio.wait_for(answer(reader), 5) for reader, _ in open_now]
            assert [head[:13] for head, _ in found] == [b"HTTP/1.1 200 "] * under_way
            assert [json.loads(body) for _, body in found] == [{"answered": True}] * under_way
            assert [await asyncio.wait_for(reader.read(), 5) for reader, _ in open_now] == [b""] * under_way
            await asyncio.wait_for(process.wait(), 10)
            assert time.monotonic() - began < 10
            for _, writer in (*open_now, (kept, kept_writer)):
                writer.close()
