"""Ask for the archive of a file, and make it: every paper is read and compared with its recorded hash first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from services.claims.archive import queries as archive
from services.claims.archive.handlers import file_of
from services.claims.archive.rules import NoVolume, refuse_destroyed
from services.claims.archive.tables import ClaimFile
from services.claims.claim import queries as spine
from services.claims.claim.tables import Claim
from services.claims.file_export import queries, rules, shapes
from services.claims.file_export.schemas import RequestExport
from services.claims.file_export.tables import FileExport
from shared.actions import Action
from shared.actor import Actor
from shared.clock import SHANGHAI, rfc3339
from shared.database import Database, Transaction
from shared.file_store import in_worker, path_of
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.job_runner import Handler
from shared.jobs import enqueue

FILE_EXPORT = "claim_file_export"


def check_export(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether there is a file to give out."""
    refuse_destroyed(file_of(facts).state)


ACTIONS = (Action("export_file", "POST", "/v1/claims/{id}/file/exports", "claims.export.request", check_export),)


async def request_export(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, command: RequestExport, state: Any
) -> Answer:
    """Queue the archive and answer with the job; its result names the archive."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find(Claim, claim_id)
        check_export(actor, await spine.facts_of(tx, claim, state))
        tx.note("request_file_export", claim, reason=command.purpose)
        document = {"claim_id": str(claim.id), "purpose": command.purpose}
        return await enqueue(tx, FILE_EXPORT, [document], {})


def carry_out(attachments_dir: Path) -> Handler:
    """The worker's part: `{claim_id, purpose}` in, `{export_id, href, manifest_sha256}` out."""

    async def made(tx: Transaction, document: dict[str, Any], _payload: Mapping[str, Any]) -> Mapping[str, Any]:
        claim = await tx.find(Claim, UUID(document["claim_id"]))
        file = await present_file(tx, claim)
        entries = await queries.entries_of(tx, claim, file)
        await in_worker(_compare, entries, attachments_dir / tx.database.service)
        row = _export(tx, claim, file, entries, document["purpose"])
        tx.add(row)
        after = {"export_id": row.id, "volume_no": file.volume_no, "manifest_sha256": row.manifest_sha256}
        tx.note("export_file", claim, after=after, reason=row.purpose)
        href = shapes.address(claim.id, row.id)
        return {"export_id": str(row.id), "href": href, "manifest_sha256": row.manifest_sha256}

    return made


async def present_file(tx: Transaction, claim: Claim) -> ClaimFile:
    """The volume of the claim. Raises `NoVolume` and, once it is destroyed, `StateConflict` (409)."""
    file = await archive.file_of(tx, claim.id)
    if file is None:
        raise NoVolume()
    refuse_destroyed(file.state)
    return file


def _export(
    tx: Transaction, claim: Claim, file: ClaimFile, entries: Sequence[Mapping[str, Any]], purpose: str
) -> FileExport:
    own = uuid7()
    head = {
        "export_id": str(own), "volume_no": file.volume_no, "claim_no": claim.claim_no, "purpose": purpose,
        "made_at": rfc3339(tx.now.astimezone(SHANGHAI)), "made_by": tx.actor.staff_no,
    }  # fmt: skip
    packed = rules.with_manifest(entries, head)
    return FileExport(
        id=own, created_at=tx.now, claim_id=claim.id, org_path=claim.org_path, purpose=purpose, entries=packed,
        manifest_sha256=packed[-1]["sha256"], person_id=tx.actor.person_id,
    )  # fmt: skip


def _compare(entries: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Read every paper to its end, which raises `FileDamaged` where one is not as recorded."""
    for one in entries:
        if "attachment_id" in one:
            path = path_of(folder, UUID(one["attachment_id"]))
            for _ in shapes.paper(path, one["attachment_id"], one["sha256"]):
                continue
