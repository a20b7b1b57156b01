"""A customer's past, with what was taken back marked as such."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.crm.reference.tables import ClaimReference
from services.crm.timeline import queries
from services.crm.timeline.schemas import About, EntryOut
from services.crm.timeline.tables import TimelineEntry
from shared.database import Transaction

CANCELLED, REOPENED, SETTLED = "claims.claim.cancelled", "claims.claim.reopened", "claims.claim.settled"


def undone_by(row: TimelineEntry, claims: Mapping[UUID, ClaimReference]) -> str | None:
    """Judged from what is known of the claim now, so the order in which the news came makes no difference."""
    claim = claims.get(row.about_id)
    if claim is None:
        return None
    if claim.cancelled and row.kind != CANCELLED:
        return CANCELLED
    return REOPENED if row.kind == SETTLED and row.record_version < claim.reopened_version else None


async def entries(tx: Transaction, rows: Sequence[TimelineEntry]) -> list[EntryOut]:
    """These entries as they read now."""
    ids = [row.about_id for row in rows]
    numbers, claims = await queries.numbers_of(tx, ids), await queries.claims_among(tx, ids)
    return [
        EntryOut(
            id=row.id, occurred_at=row.occurred_at, recorded_at=row.created_at, kind=row.kind,
            about=About(kind=row.about_kind, id=row.about_id, number=numbers.get(row.about_id)), summary=row.summary,
            amounts=row.amounts, undone_by=undone_by(row, claims),
        )
        for row in rows
    ]  # fmt: skip
