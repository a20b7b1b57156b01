"""Risk assessments: which points there are, what level they make, and what a signed one has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.errors import Fault, OccurredInFuture, Refused, StateConflict, Text


class AssessmentStatus(StrEnum):
    DRAFT = "draft"
    SIGNED = "signed"


NEXT: dict[AssessmentStatus, frozenset[AssessmentStatus]] = {
    AssessmentStatus.DRAFT: frozenset({AssessmentStatus.SIGNED}),
    AssessmentStatus.SIGNED: frozenset(),
}


LEVEL_NAMES = {"high": "高", "medium": "中", "low": "低"}
"""As pages for customers write the level of a risk."""


class ScoreOutOfRange(Refused):
    """Members: `minimum` and `maximum`."""

    code = "score_out_of_range"
    title = Text("评分超出范围", "The score is out of range")
    detail = Text("评分须在 {minimum} 至 {maximum} 之间。", "Give points from {minimum} to {maximum}.")


class AdviceRequired(Refused):
    code = "advice_required"
    title = Text("须有书面建议", "Written advice is wanted")
    detail = Text("风险评估至少须有一条书面建议。", "An assessment gives at least one written advice.")


class FactorsRequired(Refused):
    code = "factors_required"
    title = Text("须写明风险因素", "The factors are wanted")
    detail = Text("风险评估须写明所依据的风险因素。", "An assessment names the factors that it rests on.")


class CustomerMismatch(Refused):
    code = "customer_mismatch"
    title = Text("客户与记录不符", "Another customer")
    detail = Text("所引用的记录属于其他客户。", "The record referred to is another customer's.")


def level_of(score: int, figures: Mapping[str, Any]) -> str:
    """The risk level of points of safety, by the section `assessment` of the thresholds. Refuses (422) other points."""
    least, most = figures["minimum_score"], figures["maximum_score"]
    if not least <= score <= most:
        told = {"minimum": least, "maximum": most}
        fault = Fault(ScoreOutOfRange.code, ScoreOutOfRange.detail, pointer="#/score", members=told)
        raise ScoreOutOfRange(fault, **told)
    if score < figures["high_below"]:
        return "high"
    return "medium" if score < figures["medium_below"] else "low"


def check_content(factors: Collection[Any], advice: Collection[str]) -> None:
    """Refuse (422) an assessment without factors, and one without advice that says something."""
    if not any(one.strip() for one in advice):
        raise AdviceRequired(Fault(AdviceRequired.code, AdviceRequired.detail, pointer="#/advice"))
    if not factors:
        raise FactorsRequired(Fault(FactorsRequired.code, FactorsRequired.detail, pointer="#/factors"))


def refuse_other_customer(asked: Any, found: Any, pointer: str) -> None:
    """Refuse (422) an assessment of one customer by the record of another."""
    if asked != found:
        raise CustomerMismatch(Fault(CustomerMismatch.code, CustomerMismatch.detail, pointer=pointer))


def may_sign(status: str) -> None:
    """Refuse (409) signing twice."""
    if status != AssessmentStatus.DRAFT:
        raise StateConflict(current_state=status, legal_moves=[])


def refuse_future(at: datetime, now: datetime, pointer: str) -> None:
    """Refuse (422) handing over what will be handed over."""
    if at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer=pointer))
