"""Ask for the destruction of a file, decide it by another person, and clear the disk.

The rows go with the decision, so that nobody reads the files any more; the disk follows, also after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.claims.archive import queries as archive
from services.claims.archive.handlers import file_of
from services.claims.archive.rules import FileStatus
from services.claims.archive.tables import ClaimFile
from services.claims.claim import queries as spine
from services.claims.claim.rules import acting
from services.claims.claim.tables import Claim
from services.claims.retention import queries, rules, shapes
from services.claims.retention.rules import Held
from services.claims.retention.schemas import DecideDestruction, DestructionOutcome, RequestDestruction
from services.claims.retention.tables import FileDestruction
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Text
from shared.file_store import in_worker, path_of
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.numbers import branch_of
from shared.ticks import Tick, one_by_one
from shared.work_items import close_items, open_item

DESTROY_ITEM = "confirm_destruction"


@dataclass(frozen=True)
class RetentionFacts:
    """What of a file is due today, and the request that waits."""

    held: Held
    waiting: UUID | None = None
    requested_by: UUID | None = None


async def known(tx: Transaction, claim: Claim, _state: Any) -> Mapping[str, Any]:
    """What this room adds to the facts that actions are judged by."""
    file = await archive.file_of(tx, claim.id)
    if file is None:
        return {}
    waiting = await queries.open_request(tx, claim.id)
    held = await queries.held(tx, claim, file, legal_day(tx.now))
    return {"retention": RetentionFacts(held, waiting and waiting.id, waiting and waiting.requested_by)}


def check_request(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether the file may be put up for destruction now."""
    file_of(facts)
    rules.may_request(facts.retention.held, legal_day(facts.now), facts.retention.waiting)


ACTIONS = (
    Action(
        "request_destruction", "POST", "/v1/claims/{id}/file/destructions", "claims.destruction.request", check_request
    ),
)  # fmt: skip


async def request_destruction(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: RequestDestruction,
    state: Any,
) -> Answer:  # fmt: skip
    """Put a file whose days are over up for destruction; another person decides."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        facts = await spine.facts_of(tx, claim, state)
        check_request(actor, facts)
        rules.check_reason(command.reason)
        file = file_of(facts)
        row = FileDestruction(
            id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path, volume_no=file.volume_no,
            keep_until=facts.retention.held.keep_until, reason=command.reason, requested_by=actor.person_id,
            status="requested", papers=[], kept=[],
        )  # fmt: skip
        tx.add(row)
        href = f"/v1/claims/{claim.id}/file/destructions/{row.id}"
        await open_item(
            tx, DESTROY_ITEM, claim, Text("确认销毁案卷", "Confirm the destruction of the file"), number=file.volume_no,
            unit_code=branch_of(claim.org_path), position="department_head", href=f"{href}/decisions",
            basis="retention",
        )  # fmt: skip
        after = {"volume_no": file.volume_no, "keep_until": row.keep_until, "destruction_id": row.id}
        tx.note("request_destruction", claim, after=after, reason=command.reason)
        return tx.answer(shapes.destruction(row, claim), location=href, version=claim.version)


async def decide_destruction(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, destruction_id: UUID, version: int | None,
    command: DecideDestruction, state: Any,
) -> Answer:  # fmt: skip
    """Confirm or reject what another person asked for; the days and what is pending are looked at again."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        row = await queries.request_of(tx, claim.id, destruction_id)
        rules.may_decide(row.status, row.requested_by, acting(actor))
        facts = await spine.facts_of(tx, claim, state)
        confirmed = command.outcome is DestructionOutcome.CONFIRM
        if confirmed:
            rules.may_request(facts.retention.held, legal_day(tx.now), None)
        else:
            rules.check_reason(command.reason)
        row.status = "confirmed" if confirmed else "rejected"
        row.decided_by, row.decided_at, row.decision_reason = actor.person_id, tx.now, command.reason
        if confirmed:
            await _destroy(tx, file_of(facts), row, facts.retention.held)
        await close_items(tx, claim.id, DESTROY_ITEM)
        after = {"volume_no": row.volume_no, "destroyed": len(row.papers), "kept": len(row.kept)}
        tx.note(f"{command.outcome}_destruction", claim, after=after, reason=command.reason)
        location = f"/v1/claims/{claim.id}/file/destructions/{row.id}"
        return tx.answer(shapes.destruction(row, claim), location=location, version=claim.version)


async def _destroy(tx: Transaction, file: ClaimFile, row: FileDestruction, held: Held) -> None:
    file.status = str(FileStatus.DESTROYED)
    row.papers = [{"attachment_id": str(one.id), "sha256": one.sha256} for one in held.due]
    row.kept = [one.model_dump(mode="json") for one in shapes.kept(held)]
    await queries.forget(tx, held.due)


def ticks(attachments_dir: Path) -> tuple[Tick, ...]:
    """What the worker does: whatever was destroyed leaves the disk."""

    async def clear(tx: Transaction, destruction_id: UUID) -> None:
        row = await tx.scalar(select(FileDestruction).where(FileDestruction.id == destruction_id).with_for_update())
        folder = attachments_dir / tx.database.service
        gone = [path_of(folder, UUID(one["attachment_id"])) for one in row.papers]
        await in_worker(_unlink, gone)
        row.files_gone_at = tx.now

    return (Tick("destroyed_files", timedelta(minutes=1), one_by_one(queries.to_clear, clear)),)


def _unlink(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
