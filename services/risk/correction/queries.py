"""Findings of a plan."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from services.risk.correction.tables import FindingSeen
from services.risk.inspection.tables import InspectionPlan
from shared.database import Transaction


async def findings_of(tx: Transaction, plan: InspectionPlan) -> Sequence[FindingSeen]:
    """What return visits found about the plan's policy, the earliest first."""
    statement = select(FindingSeen).where(FindingSeen.plan_id == plan.id)
    return await tx.scalars(statement.order_by(FindingSeen.raised_at, FindingSeen.finding_id))
