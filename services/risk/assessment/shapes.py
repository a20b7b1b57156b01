"""How assessments are shown."""

from __future__ import annotations

from services.risk.assessment import schemas
from services.risk.assessment.queries import ASSESSMENT_ACTIONS
from services.risk.assessment.tables import RiskAssessment
from shared.actions import judged
from shared.actor import Actor


def item(row: RiskAssessment) -> schemas.AssessmentItem:
    """The assessment in a list."""
    return schemas.AssessmentItem.model_validate(row)


def alone(row: RiskAssessment, actor: Actor, language: str) -> schemas.AssessmentOut:
    """The assessment read singly."""
    return schemas.AssessmentOut(
        **item(row).model_dump(), factors=[schemas.Factor.model_validate(one) for one in row.factors],
        advice=row.advice, summary=row.summary, handed_over=row.handed_over,
        available_actions=judged(ASSESSMENT_ACTIONS, actor, row, row.id, language),
    )  # fmt: skip
