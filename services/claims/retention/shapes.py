"""How what is due and what was destroyed are answered."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from services.claims.agreement.shapes import state_of
from services.claims.archive.rules import FileStatus
from services.claims.archive.tables import ClaimFile
from services.claims.claim.tables import Claim
from services.claims.retention import queries, rules
from services.claims.retention.rules import Held
from services.claims.retention.schemas import (
    DestroyedPaper,
    DestructionOut,
    DestructionsOut,
    DueFile,
    KeptPaper,
    RetentionOut,
)
from services.claims.retention.tables import FileDestruction
from shared.database import Transaction
from shared.errors import Conflict


def destruction(row: FileDestruction, claim: Claim) -> DestructionOut:
    return DestructionOut(
        id=row.id, created_at=row.created_at, claim=state_of(claim), volume_no=row.volume_no, status=row.status,
        keep_until=row.keep_until, reason=row.reason, requested_by=row.requested_by, decided_by=row.decided_by,
        decided_at=row.decided_at, decision_reason=row.decision_reason, files_gone_at=row.files_gone_at,
        destroyed=[DestroyedPaper(**one) for one in row.papers], kept=[KeptPaper(**one) for one in row.kept],
    )  # fmt: skip


async def destructions(tx: Transaction, claim: Claim) -> DestructionsOut:
    """Every request about the claim's file."""
    return DestructionsOut(items=[destruction(row, claim) for row in await queries.requests_of(tx, claim.id)])


async def due(tx: Transaction, on: date, limit: int, after: UUID | None, path: str | None) -> RetentionOut:
    """Up to `limit` files whose days are over on a day, those that something freezes among them."""
    items: list[DueFile] = []
    async for claim, file in queries.old_files(tx, on, after, path):
        held = await queries.held(tx, claim, file, on)
        if on <= held.next_day or (held.status is FileStatus.DESTROYED and not held.due):
            continue
        if len(items) == limit:
            return RetentionOut(on=on, items=items, next_after=items[-1].claim_id)
        items.append(await _due(tx, claim, file, held, on))
    return RetentionOut(on=on, items=items)


async def _due(tx: Transaction, claim: Claim, file: ClaimFile, held: Held, on: date) -> DueFile:
    waiting = await queries.open_request(tx, claim.id)
    return DueFile(
        claim_id=claim.id, claim_no=claim.claim_no, unit_code=claim.unit_code, volume_no=file.volume_no,
        file_status=file.status, closed_at=claim.closed_at, keep_until=held.keep_until,
        destroyable=_destroyable(held, on), frozen_by=list(held.frozen_by), paper_count=len(held.due),
        kept=kept(held), destruction_id=None if waiting is None else waiting.id,
    )  # fmt: skip


def kept(held: Held) -> list[KeptPaper]:
    """The papers that stay, with their last days."""
    return [KeptPaper(attachment_id=one.id, keep_until=day) for one, day in held.kept]


def _destroyable(held: Held, on: date) -> bool:
    try:
        rules.may_request(held, on, None)
    except Conflict:
        return False
    return True
