"""Scanning of attached files by clamd, over its socket (`INSTREAM`): in the worker, after the upload was answered.

With `attachment_scanner = "clamav"` a file is `pending` until it was found `clean` or `infected`. A scanner that is
away or refuses a file leaves it pending; it is tried again with the next pass, and never given out meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import structlog
from prometheus_client import Counter
from sqlalchemy import select, update

from shared.actor import machine
from shared.attachments import attachments
from shared.database import Database
from shared.file_store import chunks, path_of
from shared.leadership import lead, name_of
from shared.settings import DeployableSettings

log = structlog.get_logger()

SCANNED = Counter("anlan_scanned_files_total", "Scanned files by outcome", ["service", "outcome"])

_PAUSE_S = 2.0
_LIMIT_S = 60.0
_BATCH = 100


class ScanFailed(RuntimeError):
    """The scanner gave no verdict."""


def scanning(settings: DeployableSettings) -> Callable[[Database], Awaitable[None]]:
    """The worker's loop: scan what is pending, for ever, in one process per database."""

    async def loop(database: Database) -> None:
        async def work() -> None:
            while True:
                await scan_pending(database, settings.attachments_dir, settings.clamav_address)
                await asyncio.sleep(_PAUSE_S)

        await lead(database, "scanning", work)

    return loop


async def scan_pending(database: Database, folder: Path, address: str) -> int:
    """One pass over all pending files, oldest first; how many got a verdict. One that fails holds up no other."""
    done, after = 0, UUID(int=0)
    while batch := await _pending(database, after):
        for file_id in batch:
            done += await _scan_one(database, folder, address, file_id)
        after = batch[-1]
    return done


async def _pending(database: Database, after: UUID) -> list[UUID]:
    files = attachments.c
    waiting = select(files.id).where(files.scan_state == "pending", files.id > after).order_by(files.id).limit(_BATCH)
    async with database.transaction(machine(database.service)) as tx:
        return list(await tx.scalars(waiting))


async def _scan_one(database: Database, folder: Path, address: str, file_id: UUID) -> bool:
    try:
        found = await infection(path_of(folder / database.service, file_id), address)
    except (ScanFailed, OSError, TimeoutError, asyncio.IncompleteReadError) as failure:
        SCANNED.labels(database.service, "failed").inc()
        log.warning("scan_failed", service=database.service, attachment_id=str(file_id), fault=name_of(failure))
        return False
    state = "clean" if found is None else "infected"
    files = attachments.c
    verdict = update(attachments).where(files.id == file_id, files.scan_state == "pending")
    async with database.transaction(machine(database.service)) as tx:
        await tx.execute(verdict.values(scan_state=state, version=files.version + 1, updated_at=tx.now))
    SCANNED.labels(database.service, state).inc()
    if found is not None:
        log.warning("infected_file", service=database.service, attachment_id=str(file_id), signature=found)
    return True


async def infection(path: Path, address: str) -> str | None:
    """The name of what clamd at `address` (`host:port` or `unix:/path`) finds in the file, or None for a clean one.

    Raises `ScanFailed` where it gives no verdict (a size limit of its own, for example), OSError or TimeoutError where
    it cannot be reached.
    """
    async with asyncio.timeout(_LIMIT_S):
        reader, writer = await _connect(address)
        try:
            writer.write(b"zINSTREAM\0")
            async for chunk in chunks(path):
                writer.write(len(chunk).to_bytes(4, "big") + chunk)
                await writer.drain()
            writer.write(bytes(4))
            await writer.drain()
            answer = (await reader.readuntil(b"\0")).rstrip(b"\0").decode("utf-8", "replace")
        finally:
            writer.close()
    _, _, verdict = answer.partition("stream: ")
    if verdict == "OK":
        return None
    if verdict.endswith(" FOUND"):
        return verdict.removesuffix(" FOUND")
    raise ScanFailed(answer)


async def _connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if address.startswith("unix:"):
        return await asyncio.open_unix_connection(address.removeprefix("unix:"))
    host, _, port = address.rpartition(":")
    return await asyncio.open_connection(host, int(port))
