"""When somebody looks at the place before cover, and whether what was seen may be relied on. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.policy.application.rules import ApplicationStatus
from shared.clock import legal_day
from shared.errors import Conflict, Refused, SeparationOfDuties, Text

_S = ApplicationStatus
ASKED_IN = frozenset(
    {_S.DRAFT, _S.DISCLOSED, _S.SUBMITTED, _S.SURVEY_REQUIRED, _S.SURVEYED, _S.IN_REVIEW, _S.REFERRED_UP}
)
"""While an underwriter may still ask for a survey: as long as nothing is decided."""


class Reason(StrEnum):
    HIGH_LIMIT = "high_limit"
    HIGH_RISK_INDUSTRY = "high_risk_industry"
    PEOPLE_IN_ONE_PLACE = "people_in_one_place"
    LOSS_RECORD = "loss_record"
    MATERIAL_ANSWER = "material_answer"
    ON_REQUEST = "on_request"


class SurveyMissing(Conflict):
    """Member: `reasons`."""

    code = "survey_missing"
    title = Text("缺少保前查勘", "The survey before cover is missing")
    detail = Text("须完成保前查勘并签署报告：{reasons}。", "A survey has to be made and signed first: {reasons}.")


class SurveyOutdated(Conflict):
    """Members: `surveyed_on` and `valid_days`."""

    code = "survey_outdated"
    title = Text("保前查勘已过期", "The survey is too old")
    detail = Text(
        "查勘日期为 {surveyed_on}，有效期 {valid_days} 天。",
        "Made on {surveyed_on}; it holds {valid_days} days.",
    )


class AssessmentMissing(Conflict):
    """Member: `from_amount` in yuan."""

    code = "assessment_missing"
    title = Text("缺少风险评估", "The risk assessment is missing")
    detail = Text(
        "限额 {from_amount} 元及以上的责任险须先签署风险评估并交付客户。",
        "Liability cover of {from_amount} yuan or more needs a risk assessment, signed and handed over.",
    )


class SiteMissing(Refused):
    code = "survey_site_missing"
    title = Text("未填写查勘地址", "There is no place to look at")
    detail = Text("请先填写保险标的地址。", "State the address of what is insured first.")


@dataclass(frozen=True)
class Known:
    """What the triggers are judged by; `limit` in yuan."""

    line: str
    limit: Decimal
    industry: str | None
    heads: int
    claims: int
    material: Collection[str]
    requested: bool


@dataclass(frozen=True)
class Surveyed:
    """A survey whose report was signed."""

    at: datetime
    surveyors: frozenset[UUID]
    risk_level: str


def reasons(known: Known, settings: Mapping[str, Any]) -> list[Reason]:
    """Why a survey is needed; none where it is not."""
    figures = settings["survey"]
    liability = known.line == "liability"
    found = {
        Reason.HIGH_LIMIT: liability and known.limit >= Decimal(figures["limit_from"]),
        Reason.HIGH_RISK_INDUSTRY: known.industry in settings["high_risk_industries"],
        Reason.PEOPLE_IN_ONE_PLACE: not liability and known.heads >= figures["accident_heads_from"],
        Reason.LOSS_RECORD: known.claims >= figures["claims_from"],
        Reason.MATERIAL_ANSWER: bool(known.material),
        Reason.ON_REQUEST: known.requested,
    }
    return [reason for reason in Reason if found[reason]]


def refuse_unsurveyed(
    needed: Iterable[Reason], newest: Surveyed | None, settings: Mapping[str, Any], now: datetime
) -> None:
    """Refuse (409) cover while a survey that is needed is not signed, or is older than it may be."""
    wanted = list(needed)
    if not wanted:
        return
    if newest is None:
        raise SurveyMissing(reasons=", ".join(wanted))
    days = settings["survey"]["valid_days"]
    if legal_day(now) > legal_day(newest.at) + timedelta(days=days):
        raise SurveyOutdated(surveyed_on=legal_day(newest.at).isoformat(), valid_days=days)


def refuse_unassessed(line: str, limit: Decimal, assessed: bool, settings: Mapping[str, Any]) -> None:
    """Refuse (409) liability cover from the threshold on without a signed risk assessment."""
    threshold = Decimal(settings["survey"]["assessment_from"])
    if line == "liability" and limit >= threshold and not assessed:
        raise AssessmentMissing(from_amount=f"{threshold:.2f}")


def refuse_surveyor(persons: Collection[UUID], surveyors: Collection[UUID]) -> None:
    """Refuse (403) whoever surveyed, by person, for whomever he acts."""
    if set(persons) & set(surveyors):
        raise SeparationOfDuties(conflicting_duty="surveyor", taking="underwriter")
