"""Reading assessments, and what their page says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.risk.assessment import rules
from services.risk.assessment.tables import RiskAssessment
from services.risk.exposure import queries as exposure
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.database import Transaction
from shared.letters import LetterTemplateMissing
from shared.pagination import Filter, Listing

LETTER = "risk_assessment"

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


async def data_of(tx: Transaction, row: RiskAssessment, kind: str, _state: Any) -> Mapping[str, Any]:
    """The page for the customer: points, factors, advice. Refuses (409) every other kind of letter."""
    if kind != LETTER:
        raise LetterTemplateMissing(kind=kind)
    figures = await exposure.thresholds(tx, "assessment")
    units = await directory.units_on_path(tx, row.org_path)
    factors = [{"factor": one["factor"], "finding": one["finding"].rstrip("。") + "。"} for one in row.factors]
    return {
        "addressee": f"保险单 {row.policy_no} 的投保人、被保险人" if row.policy_no else "贵单位",
        "score": str(row.score), "maximum": str(figures["maximum_score"]), "level": rules.LEVEL_NAMES[row.level],
        "factors": factors, "advice": [{"what": one.rstrip("。") + "。"} for one in row.advice],
        "summary": row.summary, "unit": units[0].name if units and units[0].name else row.unit_code,
    }  # fmt: skip
