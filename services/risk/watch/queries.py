"""Risk control files that something is due about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select

from services.risk.exposure.tables import PolicySeen, Site
from services.risk.inspection.tables import Inspection
from services.risk.key_risk.tables import KeyRiskEvaluation, KeyRiskFile
from shared.clock import at_midnight, legal_day
from shared.database import Transaction
from shared.ticks import unclaimed

CONTACT, REVIEW = "key_risk_contact", "key_risk_review"
_KEPT = KeyRiskFile.status != "closed"


async def visited(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Open files whose customer was visited since: somebody is at work on the risk."""
    since = select(Inspection.id).where(
        Inspection.customer_id == KeyRiskFile.customer_id, Inspection.reported_at >= KeyRiskFile.opened_at
    )
    statement = select(KeyRiskFile.id).where(KeyRiskFile.status == "open", since.exists())
    return await tx.scalars(statement.order_by(KeyRiskFile.id).limit(limit))


async def unspoken(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Files whose customer nobody spoke to within the gap, and nobody was told so."""
    due = KeyRiskFile.contact_due_on
    statement = select(KeyRiskFile.id).where(_KEPT, due < legal_day(tx.now), unclaimed(CONTACT, KeyRiskFile.id, due))
    return await tx.scalars(statement.order_by(due, KeyRiskFile.id).limit(limit))


async def unreviewed(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Files that are to be looked through, and nobody was told so."""
    due = KeyRiskFile.review_due_on
    statement = select(KeyRiskFile.id).where(_KEPT, due <= legal_day(tx.now), unclaimed(REVIEW, KeyRiskFile.id, due))
    return await tx.scalars(statement.order_by(due, KeyRiskFile.id).limit(limit))


async def changed_by_time(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Customers whose criteria may be other than when they were looked at: a policy has begun, a site has changed, or
    a day has passed while their file is kept."""
    looked = KeyRiskEvaluation
    begun = select(PolicySeen.customer_id).join(looked, looked.customer_id == PolicySeen.customer_id)
    begun = begun.where(PolicySeen.starts_at > looked.evaluated_at, PolicySeen.starts_at <= tx.now)
    moved = select(Site.customer_id).outerjoin(looked, looked.customer_id == Site.customer_id)
    moved = moved.where(or_(looked.evaluated_at.is_(None), Site.updated_at > looked.evaluated_at))
    kept = select(KeyRiskFile.customer_id).join(looked, looked.customer_id == KeyRiskFile.customer_id)
    kept = kept.where(_KEPT, looked.evaluated_at < at_midnight(legal_day(tx.now)))
    found: set[UUID] = set()
    for statement in (begun, moved, kept):
        found |= set(await tx.scalars(_some(statement, limit)))
    return sorted(found)[:limit]


def _some(statement: Select[Any], limit: int) -> Select[Any]:
    return statement.distinct().limit(limit)
