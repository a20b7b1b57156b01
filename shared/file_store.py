"""Files on disk: whole or not at all, under names that the server makes.

A file is written as `incoming/{id}.part`, synced, renamed into place, and its folder synced, before its row is
committed. So a row always has its file; a file without a row (the process died in between) is invisible and goes
with the housekeeping. `folder` is the deployable's own, below its `attachments_dir`: `attachments/claims`.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeVar
from uuid import UUID

import anyio

from shared.errors import Failure, Text
from shared.file_types import FileType, recognise, redraw

CHUNK = 256 * 1024
STALE_S = 3600
_RECENT_S = 7 * 24 * 3600
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))

# A picture of 50 megapixels takes some 300 MB while it is redrawn: two at a time.
_workers = ThreadPoolExecutor(2, thread_name_prefix="files")

T = TypeVar("T")


class StorageFull(Failure):
    status = 507
    code = "storage_full"
    title = Text("存储空间不足", "No room left for files")
    detail = Text(
        "文件未保存，存储空间不足，请联系管理员。", "The file was not kept: the storage is full. Tell an administrator."
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """A complete file that nobody sees yet."""

    id: UUID
    folder: Path
    kind: FileType
    size: int
    sha256: bytes
    """Of the file as stored."""
    received_sha256: bytes
    """Of the file as sent: what makes a repeated upload the same."""

    def reveal(self) -> None:
        """Move the draft into place. Raises `StorageFull`, leaving the draft."""
        with full_disk_told():
            home = path_of(self.folder, self.id)
            _made(home.parent)
            part_of(self.folder, self.id).rename(home)
            _synced(home.parent)

    def discard(self) -> None:
        """Remove the draft if it was not revealed."""
        part_of(self.folder, self.id).unlink(missing_ok=True)


def path_of(folder: Path, file_id: UUID) -> Path:
    """Where a file lies: a folder for each 4.7 hours of its id's time stamp."""
    return folder / file_id.hex[:6] / str(file_id)


def part_of(folder: Path, file_id: UUID) -> Path:
    """Where a file lies before it is complete."""
    return folder / "incoming" / f"{file_id}.part"


async def in_worker(work: Callable[..., T], *given: Any) -> T:
    """Run blocking file or picture work beside the event loop, two at a time."""
    return await asyncio.get_running_loop().run_in_executor(_workers, work, *given)


def draft(source: BinaryIO, folder: Path, file_id: UUID) -> Draft:
    """Decide the type of `source` by its content and write what will be kept of it, synced, as `.part`.

    Raises `AttachmentTypeRefused` and `StorageFull`; then nothing is left behind. Blocking.
    """
    kind = recognise(source)
    received = _digest(source)
    part = part_of(folder, file_id)
    try:
        with full_disk_told():
            _made(part.parent)
            with part.open("xb") as target:
                _fill(source, kind, target)
                target.flush()
                os.fsync(target.fileno())
            with part.open("rb") as kept:
                stored = _digest(kept)
            size = part.stat().st_size
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return Draft(file_id, folder, kind, size, stored, received)


def _fill(source: BinaryIO, kind: FileType, target: IO[bytes]) -> None:
    if kind.encoder:
        target.write(redraw(source, kind))
        return
    source.seek(0)
    while chunk := source.read(CHUNK):
        target.write(chunk)


def _digest(source: BinaryIO) -> bytes:
    source.seek(0)
    found = hashlib.sha256()
    while chunk := source.read(CHUNK):
        found.update(chunk)
    return found.digest()


@contextmanager
def full_disk_told() -> Iterator[None]:
    """Turn "no room", in each of its spellings, into `StorageFull`."""
    try:
        yield
    except OSError as fault:
        if fault.errno in _FULL:
            raise StorageFull() from fault
        raise


def _made(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        _synced(folder.parent)


def _synced(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


async def chunks(path: Path, start: int = 0, length: int = sys.maxsize) -> AsyncIterator[bytes]:
    """`length` bytes of a file from `start`, or all up to its end."""
    async with await anyio.open_file(path, "rb") as file:
        await file.seek(start)
        while length > 0 and (chunk := await file.read(min(CHUNK, length))):
            length -= len(chunk)
            yield chunk


def stale_parts(folder: Path) -> list[Path]:
    """Drafts that nobody will finish: an hour is longer than any upload may take. By the machine's own clock."""
    return [path for path in _files(folder / "incoming") if _is_older(path, STALE_S)]


def settled(folder: Path) -> list[UUID]:
    """The files of the last week that have been in place for an hour: those whose row is missing are orphans."""
    oldest = f"{int((time.time() - _RECENT_S) * 1000):012x}"[:6]
    days = [day for day in _folders(folder) if day.name != "incoming" and day.name >= oldest]
    return [UUID(path.name) for day in days for path in _files(day) if _is_older(path, STALE_S)]


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _is_older(path: Path, seconds: float) -> bool:
    with suppress(FileNotFoundError):
        return time.time() - path.stat().st_mtime > seconds
    return False
