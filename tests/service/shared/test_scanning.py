"""Scanning: a file waits for its verdict, and a scanner that is away gives none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from shared.attachments import attachments
from shared.scanning import scan_pending, scanning
from shared.settings import DeployableSettings
from tests.support import file_world, sample_files
from tests.support.file_world import NANJING, World

SIGNATURE = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
CHOKES = b"a file that this scanner will not judge"
CLEAN = sample_files.pdf(300_000)
INFECTED = CLEAN.replace(b"x" * len(SIGNATURE), SIGNATURE, 1)
UNJUDGED = CLEAN.replace(b"x" * len(CHOKES), CHOKES, 1)


async def _session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """clamd's side of one INSTREAM session."""
    assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
    content = b""
    while length := int.from_bytes(await reader.readexactly(4), "big"):
        content += await reader.readexactly(length)
    if content.startswith(b"%PDF-") and CHOKES in content:
        writer.write(b"INSTREAM size limit exceeded. ERROR\0")
    else:
        writer.write(b"stream: Eicar-Test-Signature FOUND\0" if SIGNATURE in content else b"stream: OK\0")
    await writer.drain()
    writer.close()


@asynccontextmanager
async def clamd() -> AsyncIterator[str]:
    server = await asyncio.start_server(_session, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
async def scanned(settings: DeployableSettings) -> AsyncIterator[World]:
    async with file_world.running(settings.model_copy(update={"attachment_scanner": "clamav"})) as world:
        yield world


async def attached(world: World, content: bytes) -> dict:
    made = await world.send(f"/v1/things/{await world.thing()}/attachments", content)
    assert made.status_code == 201, made.text
    return made.json()


async def states(world: World) -> dict[str, str]:
    return {str(row["id"]): row["scan_state"] for row in await world.rows(attachments)}


async def download(world: World, told: dict) -> tuple[int, str]:
    answer = await world.get(NANJING, told["content_url"])
    return answer.status_code, "" if answer.status_code == 200 else answer.json()["code"]


async def test_a_download_waits_for_clean_and_an_infected_file_is_never_given_out(scanned: World) -> None:
    good, bad = await attached(scanned, CLEAN), await attached(scanned, INFECTED)
    assert good["scan_state"] == "pending"
    assert await download(scanned, good) == (409, "attachment_scan_pending")
    async with clamd() as address:
        assert await scan_pending(scanned.db, scanned.folder, address) == 2
        assert await scan_pending(scanned.db, scanned.folder, address) == 0
    assert await states(scanned) == {good["id"]: "clean", bad["id"]: "infected"}
    assert await download(scanned, good) == (200, "")
    assert await download(scanned, bad) == (409, "attachment_infected")


async def test_a_file_without_a_verdict_stays_pending_and_holds_up_no_other(
    scanned: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.scanning._BATCH", 1)
    first, second = await attached(scanned, UNJUDGED), await attached(scanned, CLEAN)
    async with clamd() as address:
        with capture_logs() as logs:
            assert await scan_pending(scanned.db, scanned.folder, address) == 1
    assert [line["attachment_id"] for line in logs if line["event"] == "scan_failed"] == [first["id"]]
    assert await states(scanned) == {first["id"]: "pending", second["id"]: "clean"}


async def test_nothing_is_clean_while_the_scanner_is_away(scanned: World, tmp_path: Path) -> None:
    told = await attached(scanned, CLEAN)
    assert await scan_pending(scanned.db, scanned.folder, f"unix:{tmp_path / 'nobody'}") == 0
    assert await states(scanned) == {told["id"]: "pending"}


async def test_the_worker_scans_by_itself(scanned: World) -> None:
    told = await attached(scanned, CLEAN)
    async with clamd() as address:
        chosen = scanned.app.state.settings.model_copy(update={"clamav_address": address})
        loop = asyncio.create_task(scanning(chosen)(scanned.db))
        try:
            async with asyncio.timeout(20):
                while await states(scanned) != {told["id"]: "clean"}:  # noqa: ASYNC110 - another task works on it
                    await asyncio.sleep(0.05)
        finally:
            loop.cancel()
            await asyncio.wait([loop])
