"""What is known of a claim, policy or complaint when its visit is planned, and the visits there are already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from services.crm.reference.tables import ClaimReference, ComplaintReference, PolicyReceived, PolicyReference
from services.crm.visit.rules import OPEN, VisitKind
from services.crm.visit.tables import ReturnVisit
from shared.database import Transaction


async def claim(tx: Transaction, claim_id: UUID) -> ClaimReference | None:
    """As the last committed news left it."""
    statement = select(ClaimReference).where(ClaimReference.claim_id == claim_id)
    return await tx.scalar(statement.execution_options(populate_existing=True))


async def policy(tx: Transaction, policy_id: UUID) -> PolicyReference | None:
    return await tx.scalar(select(PolicyReference).where(PolicyReference.policy_id == policy_id))


async def received_on(tx: Transaction, policy_id: UUID) -> date | None:
    """The day on which the customer had the policy in hand, where it was told."""
    return await tx.scalar(select(PolicyReceived.received_on).where(PolicyReceived.policy_id == policy_id))


async def batches_about(tx: Transaction, kind: VisitKind, about_id: UUID) -> int:
    """How many visits of this kind about this record came out of batches."""
    mine = select(func.count()).select_from(ReturnVisit).where(
        ReturnVisit.kind == str(kind), ReturnVisit.about_id == about_id, ReturnVisit.trigger < 0
    )  # fmt: skip
    return await tx.scalar(mine)


async def complaint(tx: Transaction, complaint_id: UUID) -> ComplaintReference | None:
    statement = select(ComplaintReference).where(ComplaintReference.complaint_id == complaint_id)
    return await tx.scalar(statement.execution_options(populate_existing=True))


async def open_before(tx: Transaction, kind: VisitKind, about_id: UUID, trigger: int) -> Sequence[ReturnVisit]:
    """Visits about this record that are still to be made and follow an earlier trigger, their rows locked."""
    statement = select(ReturnVisit).where(
        ReturnVisit.kind == str(kind),
        ReturnVisit.about_id == about_id,
        ReturnVisit.trigger < trigger,
        ReturnVisit.status.in_(map(str, OPEN)),
    )
    return await tx.scalars(statement.with_for_update().execution_options(populate_existing=True))
