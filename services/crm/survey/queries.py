"""Plans and surveys read; what is due to start and to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from services.crm.questionnaire.queries import of_id
from services.crm.questionnaire.rules import SURVEY, Status
from services.crm.questionnaire.tables import Questionnaire
from services.crm.survey.tables import Survey, SurveyPlan
from shared.clock import legal_day
from shared.database import Transaction
from shared.pagination import Filter, Listing

SURVEYS = Listing(
    model=Survey,
    filters={
        "status": Filter(Survey.status),
        "plan_code": Filter(Survey.plan_code),
        "questionnaire_id": Filter(Survey.questionnaire_id, UUID),
        "starts_on": Filter(Survey.starts_on, date, ranged=True),
        "closes_on": Filter(Survey.closes_on, date, ranged=True),
    },
    sorts={"starts_on": Survey.starts_on},
)
PLANS = Listing(model=SurveyPlan, filters={"year": Filter(SurveyPlan.year, int)}, sorts={"year": SurveyPlan.year})


@dataclass(frozen=True)
class SurveyFacts:
    """What an action on a survey is judged by."""

    survey: Survey
    asked_is_approved: bool
    open_actions: int = 0


async def plan_of(tx: Transaction, org_path: str, year: int) -> SurveyPlan | None:
    return await tx.scalar(select(SurveyPlan).where(SurveyPlan.org_path == org_path, SurveyPlan.year == year))


async def questionnaire_of(tx: Transaction, survey: Survey) -> Questionnaire:
    found = await of_id(tx, survey.questionnaire_id)
    assert found is not None  # noqa: S101 - a foreign key
    return found


async def facts_of(tx: Transaction, survey: Survey) -> SurveyFacts:
    questionnaire = await questionnaire_of(tx, survey)
    return SurveyFacts(survey, is_asked(questionnaire))


def is_asked(questionnaire: Questionnaire | None) -> bool:
    """Whether this is an approved edition for surveys."""
    return (
        questionnaire is not None and questionnaire.status == str(Status.APPROVED) and questionnaire.purpose == SURVEY
    )


async def to_start(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Approved surveys whose first day has come."""
    due = select(Survey.id).where(Survey.status == "approved", Survey.starts_on <= legal_day(tx.now))
    return await tx.scalars(due.order_by(Survey.starts_on, Survey.id).limit(limit))


async def to_close(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Running surveys whose last day is over."""
    due = select(Survey.id).where(Survey.status == "running", Survey.closes_on < legal_day(tx.now))
    return await tx.scalars(due.order_by(Survey.closes_on, Survey.id).limit(limit))
