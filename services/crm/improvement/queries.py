"""The improvements of a survey, and those that are late."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from services.crm.improvement.tables import SurveyAction
from shared.clock import legal_day
from shared.database import Transaction
from shared.ticks import unclaimed

OVERDUE = "survey_action_overdue"


async def of_survey(tx: Transaction, survey_id: UUID) -> Sequence[SurveyAction]:
    """In the order in which they were set."""
    mine = select(SurveyAction).where(SurveyAction.survey_id == survey_id)
    return await tx.scalars(mine.order_by(SurveyAction.created_at, SurveyAction.id))


async def open_of(tx: Transaction, survey_id: UUID) -> int:
    mine = select(func.count()).select_from(SurveyAction)
    return await tx.scalar(mine.where(SurveyAction.survey_id == survey_id, SurveyAction.status == "open"))


async def overdue(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Open improvements whose day is over, the longest overdue first."""
    late = select(SurveyAction.id).where(
        SurveyAction.status == "open", SurveyAction.due_on < legal_day(tx.now),
        unclaimed(OVERDUE, SurveyAction.id, SurveyAction.due_on),
    )  # fmt: skip
    return await tx.scalars(late.order_by(SurveyAction.due_on, SurveyAction.id).limit(limit))
