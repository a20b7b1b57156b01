"""What there was between us and a customer, as far as it keeps his data."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from services.crm.reference.tables import ClaimReference, ComplaintReference, PolicyReference, RecordReference
from services.crm.retention.rules import Contract, Life, Years
from shared.clock import legal_day
from shared.database import Transaction
from shared.rule_sets import in_force


async def years(tx: Transaction) -> Years:
    """The rules in force today."""
    return Years(**(await in_force(tx, "customer_retention")).content)


async def life_of(tx: Transaction, customer_id: UUID) -> Life:
    """Contracts, claims and complaints of a customer, also those that the caller must stay out of: they count only."""
    mine = select(RecordReference.record_id).where(RecordReference.customer_id == customer_id)
    policies = await tx.scalars(select(PolicyReference).where(PolicyReference.policy_id.in_(mine)))
    claims = await tx.scalars(select(ClaimReference).where(ClaimReference.claim_id.in_(mine)))
    complaints = await tx.scalars(select(ComplaintReference).where(ComplaintReference.complaint_id.in_(mine)))
    today = legal_day(tx.now)
    contracts = [Contract(one.issued_on, min(one.cancelled_on or one.ends_on, one.ends_on)) for one in policies]
    live = [one for one in claims if not one.cancelled]
    closed = [one for one in live if one.settled_at and one.settled_version > one.reopened_version]
    ended = [one for one in complaints if one.outcome is not None or one.withdrawn]
    return Life(
        contracts=contracts, claims_closed_on=[legal_day(one.settled_at) for one in closed if one.settled_at],
        disputes_ended_on=[legal_day(one.notified_at) for one in ended if one.notified_at],
        open={
            "contracts": sum(one.ends_on > today for one in contracts), "claims": len(live) - len(closed),
            "complaints": len(complaints) - len(ended),
        },
    )  # fmt: skip
