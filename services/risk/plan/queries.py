"""Which visits a plan has, and which of them can still be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.risk.exposure.tables import PolicyEndSeen
from services.risk.inspection.rules import InspectionStatus
from services.risk.inspection.tables import Inspection, InspectionPlan
from shared.database import Transaction

NOT_BEGUN = (InspectionStatus.PLANNED, InspectionStatus.DUE, InspectionStatus.SCHEDULED, InspectionStatus.OVERDUE)
WAITING = frozenset(str(one) for one in NOT_BEGUN)


async def plan_of(tx: Transaction, policy_id: UUID) -> InspectionPlan | None:
    """The plan of a policy, its row locked."""
    return await tx.scalar(select(InspectionPlan).where(InspectionPlan.policy_id == policy_id).with_for_update())


async def standing(tx: Transaction, of: Any) -> Sequence[Inspection]:
    """Visits that are not cancelled, rows locked in one order for all."""
    statement = select(Inspection).where(of, Inspection.status != str(InspectionStatus.CANCELLED))
    return await tx.scalars(statement.order_by(Inspection.id).with_for_update())


async def end_told(tx: Transaction, policy_id: UUID) -> PolicyEndSeen | None:
    """The early end of a policy, told before or after the policy itself."""
    return await tx.session.get(PolicyEndSeen, policy_id, populate_existing=True)
