"""What is known of a customer, gathered for his file; nothing is stored twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from services.crm.customer.queries import complaints_open
from services.crm.opinion.tables import Opinion
from services.crm.reference.tables import ClaimReference, PolicyReference, RecordReference
from services.crm.timeline.queries import entries_of
from services.crm.timeline.tables import TimelineEntry
from services.crm.visit.tables import ReturnVisit
from shared.clock import rfc3339
from shared.database import Transaction
from shared.money import yuan

SHOWN = 50
"""Entries of each part, the newest first."""


async def file_of(tx: Transaction, customer_id: UUID) -> dict[str, Any]:
    """The parts of the file by name."""
    return {
        "cover": await _cover(tx, customer_id),
        "claims": await _claims(tx, customer_id),
        "inspections": await _inspections(tx, customer_id),
        "return_visits": await _visits(tx, customer_id),
        "opinions": await _opinions(tx, customer_id),
        "complaints_open": await complaints_open(tx, customer_id),
    }


def _of(customer_id: UUID, kind: str) -> Any:
    return select(RecordReference.record_id).where(
        RecordReference.customer_id == customer_id, RecordReference.kind == kind
    )


async def _cover(tx: Transaction, customer_id: UUID) -> list[dict[str, Any]]:
    mine = select(PolicyReference).where(PolicyReference.policy_id.in_(_of(customer_id, "policy")))
    rows = await tx.scalars(mine.order_by(PolicyReference.ends_on.desc(), PolicyReference.policy_no).limit(SHOWN))
    shown = []
    for row in rows:
        entry = {
            "policy_id": str(row.policy_id), "policy_no": row.policy_no, "product": row.product, "line": row.line,
            "ends_on": row.ends_on.isoformat(), "insured_count": row.insured_count,
            "premium": None if row.premium is None else yuan(row.premium),
            "limit": None if row.highest_limit is None else yuan(row.highest_limit),
            "cancelled_on": None if row.cancelled_on is None else row.cancelled_on.isoformat(),
        }  # fmt: skip
        shown.append({name: value for name, value in entry.items() if value is not None})
    return shown


async def _claims(tx: Transaction, customer_id: UUID) -> dict[str, Any]:
    mine = (ClaimReference.claim_id.in_(_of(customer_id, "claim")), ClaimReference.cancelled.is_(False))
    standing = ClaimReference.settled_version > ClaimReference.reopened_version
    counted = select(func.count(), func.count().filter(standing), func.sum(ClaimReference.paid_amount).filter(standing))
    count, settled, paid = (await tx.execute(counted.where(*mine))).one()
    return {"count": count, "open": count - settled, "paid_amount": yuan(paid or Decimal(0))}


async def _inspections(tx: Transaction, customer_id: UUID) -> list[dict[str, Any]]:
    done = entries_of(customer_id).where(TimelineEntry.kind == "risk.inspection.completed")
    rows = await tx.scalars(done.order_by(TimelineEntry.occurred_at.desc()).limit(SHOWN))
    return [{"id": str(one.about_id), "completed_at": rfc3339(one.occurred_at), **one.summary} for one in rows]


async def _visits(tx: Transaction, customer_id: UUID) -> list[dict[str, Any]]:
    mine = select(ReturnVisit).where(ReturnVisit.customer_id == customer_id)
    rows = await tx.scalars(mine.order_by(ReturnVisit.created_at.desc()).limit(SHOWN))
    return [
        {"id": str(one.id), "kind": one.kind, "status": one.status}
        | ({} if one.score is None else {"score": one.score})
        for one in rows
    ]


async def _opinions(tx: Transaction, customer_id: UUID) -> list[dict[str, Any]]:
    mine = select(Opinion).where(Opinion.customer_id == customer_id)
    rows = await tx.scalars(mine.order_by(Opinion.created_at.desc()).limit(SHOWN))
    return [{"id": str(one.id), "topic": one.topic, "polarity": one.polarity, "status": one.status} for one in rows]
