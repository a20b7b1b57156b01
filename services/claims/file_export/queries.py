"""What goes into the archive of a file, and the archives that were made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.claims.archive import queries as archive
from services.claims.archive.tables import ClaimFile
from services.claims.claim import queries as spine
from services.claims.claim.tables import Claim
from services.claims.file_export import rules
from services.claims.file_export.rules import Stored
from services.claims.file_export.tables import FileExport
from shared.attachments import attachments
from shared.audit import canonical
from shared.database import Transaction
from shared.downloads import refuse_unscanned
from shared.errors import NotFound

_CLAIM = (
    *("claim_no", "status", "line", "unit_code", "policy_no", "policy_version", "product", "loss_at", "reported_at"),
    *("determined_at", "agreed_at", "settled_at", "closed_at", "outcome", "gross_amount", "payable_amount"),
    *("reserve_amount", "sheet_version", "reopened_count", "flags"),
)
"""What the archive says of the claim itself: nothing about persons, whose data are in the papers."""


async def entries_of(tx: Transaction, claim: Claim, file: ClaimFile) -> list[dict[str, Any]]:
    """Everything but the manifest: the papers, the volume with its supplements, the claim, and what was done to it.

    Raises `AttachmentScanPending` and `AttachmentInfected`.
    """
    supplements = await archive.supplements_of(tx, claim.id)
    pages = [one for part in (file, *supplements) for one in part.pages]
    papers = rules.paper_entries(pages, await _stored(tx, claim.id))
    later = [_plain(one, "supplement_no", "pages", "page_count", "manifest_sha256", "reason") for one in supplements]
    kept = ("volume_no", "status", "pages", "page_count", "manifest_sha256", "archivist_person_id", "shelved_at")
    volume = {**_plain(file, *kept), "shelf_place": file.shelf_place, "supplements": later}
    acts = [json.loads(canonical(dict(one))) for one in await spine.acts_on(tx, claim)]
    return [
        *papers, rules.text_entry("volume.json", volume), rules.text_entry("claim.json", _plain(claim, *_CLAIM)),
        rules.text_entry("history.json", acts),
    ]  # fmt: skip


def _plain(row: Any, *names: str) -> dict[str, Any]:
    return json.loads(canonical({name: getattr(row, name) for name in names}))


async def _stored(tx: Transaction, claim_id: UUID) -> list[Stored]:
    files, scope = attachments.c, tx.scope
    await tx.use_scope("00")
    rows = (await tx.execute(select(attachments).where(files.record_id == claim_id).order_by(files.id))).mappings()
    found = rows.all()
    await tx.use_scope(scope)
    for row in found:
        refuse_unscanned(row["scan_state"])
    return [Stored(row["id"], row["file_name"], bytes(row["sha256"]).hex(), row["size"]) for row in found]


async def exports_of(tx: Transaction, claim_id: UUID) -> Sequence[FileExport]:
    """The archives of a claim's file, in order."""
    statement = select(FileExport).where(FileExport.claim_id == claim_id)
    return await tx.scalars(statement.order_by(FileExport.created_at, FileExport.id))


async def export_of(tx: Transaction, claim_id: UUID, export_id: UUID) -> FileExport:
    """One of them. Raises `NotFound`."""
    statement = select(FileExport).where(FileExport.claim_id == claim_id, FileExport.id == export_id)
    row = await tx.scalar(statement)
    if row is None:
        raise NotFound()
    return row
