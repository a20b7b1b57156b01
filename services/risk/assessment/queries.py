"""Reading assessments."""

from __future__ import annotations

from uuid import UUID

from services.risk.assessment import rules
from services.risk.assessment.tables import RiskAssessment
from shared.actions import Action
from shared.actor import Actor
from shared.pagination import Filter, Listing

ASSESSMENTS = Listing(
    model=RiskAssessment,
    filters={
        "status": Filter(RiskAssessment.status),
        "level": Filter(RiskAssessment.level),
        "policy_no": Filter(RiskAssessment.policy_no),
        "customer_id": Filter(RiskAssessment.customer_id, UUID),
        "application_id": Filter(RiskAssessment.application_id, UUID),
        "inspection_id": Filter(RiskAssessment.inspection_id, UUID),
    },
    sorts={"score": RiskAssessment.score},
)


def _sign(_actor: Actor, assessment: RiskAssessment) -> None:
    rules.may_sign(assessment.status)


ASSESSMENT_ACTIONS: tuple[Action[RiskAssessment], ...] = (
    Action("sign", "POST", "/v1/risk-assessments/{id}/signatures", "risk.assessment.sign", _sign),
)
