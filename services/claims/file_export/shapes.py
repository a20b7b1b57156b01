"""How archives of files are answered, and how one is put together while it is read."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from services.claims.agreement.shapes import state_of
from services.claims.claim.tables import Claim
from services.claims.file_export.rules import FileDamaged
from services.claims.file_export.schemas import EntryOut, ExportOut
from services.claims.file_export.tables import FileExport
from shared.attachment_links import LINK_LIVES, link_token
from shared.database import Transaction
from shared.file_store import CHUNK, path_of

_DATED = (1980, 1, 1, 0, 0, 0)
"""One date for every entry: the archive of the same file is the same to the byte."""


def address(claim_id: UUID, export_id: UUID) -> str:
    """Where one archive is read about; its content lies below."""
    return f"/v1/claims/{claim_id}/file/exports/{export_id}"


def export(tx: Transaction, row: FileExport, claim: Claim, secret: bytes) -> ExportOut:
    """The archive with the caller's own link to its content."""
    until = tx.now + LINK_LIVES
    token = link_token(secret, tx.actor.person_id, row.id, until)
    return ExportOut(
        id=row.id, created_at=row.created_at, claim=state_of(claim), purpose=row.purpose, person_id=row.person_id,
        manifest_sha256=row.manifest_sha256, content_url=f"{address(claim.id, row.id)}/content?token={token}",
        content_url_expires_at=until,
        entries=[EntryOut.model_validate(one) for one in row.entries],
    )  # fmt: skip


class _Pipe:
    """A file that zipfile writes to and cannot seek in; what was written is taken out as it comes."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, part: Any) -> int:
        self.parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """What was written is taken out by `taken`."""

    def taken(self) -> bytes:
        found, self.parts = b"".join(self.parts), []
        return found


def archive(entries: Sequence[Mapping[str, Any]], folder: Path) -> Iterator[bytes]:
    """The bytes of the archive, a part at a time. Blocking.

    Raises `FileDamaged` before the end where a paper is no longer what the manifest says: such an archive breaks off.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as packed:  # type: ignore[arg-type]
        for one in entries:
            with packed.open(zipfile.ZipInfo(one["name"], _DATED), "w", force_zip64=False) as entry:
                for part in _parts(one, folder):
                    entry.write(part)
                    yield pipe.taken()
    yield pipe.taken()


def _parts(one: Mapping[str, Any], folder: Path) -> Iterator[bytes]:
    if "text" in one:
        yield one["text"].encode()
        return
    yield from paper(path_of(folder, UUID(one["attachment_id"])), one["attachment_id"], one["sha256"])


def paper(path: Path, attachment_id: str, sha256: str) -> Iterator[bytes]:
    """The bytes of one paper. Raises `FileDamaged` where it is missing or ends with another hash. Blocking."""
    seen = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while part := file.read(CHUNK):
                seen.update(part)
                yield part
    except FileNotFoundError as fault:
        raise FileDamaged(attachment_id=attachment_id) from fault
    if seen.hexdigest() != sha256:
        raise FileDamaged(attachment_id=attachment_id)
