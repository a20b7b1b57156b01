"""Why an application needs a survey, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from services.policy.application.queries import ApplicationFacts
from services.policy.application.rules import ApplicationKind
from services.policy.policy.tables import LossRecord, Policy
from services.policy.survey import rules
from services.policy.survey.tables import AssessmentCopy, HazardCopy, SurveyCopy, SurveyRequest
from shared.database import Transaction
from shared.money import ZERO

MONTH = timedelta(days=30)


@dataclass(frozen=True)
class SurveyFacts:
    """Why a survey is needed, the newest that was signed, who made any of them, and whether risk was assessed."""

    reasons: tuple[rules.Reason, ...]
    requested: bool
    newest: rules.Surveyed | None
    surveyors: frozenset[UUID]
    assessed: bool


async def requests_of(tx: Transaction, application_id: UUID) -> Sequence[SurveyRequest]:
    statement = select(SurveyRequest).where(SurveyRequest.application_id == application_id)
    return await tx.scalars(statement.order_by(SurveyRequest.created_at, SurveyRequest.id))


async def surveys_of(tx: Transaction, application_id: UUID) -> Sequence[SurveyCopy]:
    """Surveys whose report was signed, the newest last."""
    statement = select(SurveyCopy).where(SurveyCopy.application_id == application_id)
    return await tx.scalars(statement.order_by(SurveyCopy.completed_at))


async def is_assessed(tx: Transaction, application_id: UUID, customer_id: UUID) -> bool:
    """Whether an assessment for this application was signed, or one of the customer that names no application."""
    rows = AssessmentCopy
    mine = or_(
        rows.application_id == application_id, (rows.application_id.is_(None)) & (rows.customer_id == customer_id)
    )
    return await tx.scalar(select(rows.assessment_id).where(mine).limit(1)) is not None


async def claims_of(tx: Transaction, customer_id: UUID, line: str, since: datetime) -> int:
    """How many claims the customer's policies of the line had since then, at any unit; cancelled ones are none."""
    scope = tx.scope
    await tx.use_scope("00")
    statement = select(func.count()).select_from(LossRecord).join(Policy, Policy.id == LossRecord.policy_id)
    found = await tx.scalar(
        statement.where(
            Policy.customer_id == customer_id, Policy.line == line, LossRecord.loss_at >= since,
            LossRecord.cancelled.is_(False),
        )
    )  # fmt: skip
    await tx.use_scope(scope)
    return found or 0


async def open_hazards(tx: Transaction, customer_id: UUID) -> int:
    """Hazards of the customer that are not rectified."""
    statement = select(func.count()).select_from(HazardCopy)
    return await tx.scalar(statement.where(HazardCopy.customer_id == customer_id, HazardCopy.closed.is_(False))) or 0


async def survey_facts(tx: Transaction, facts: ApplicationFacts) -> SurveyFacts:
    """What the rules of this room take."""
    row, months = facts.application, facts.settings["survey"]["claims_months"]
    requested = any(rules.Reason.ON_REQUEST in one.reasons for one in await requests_of(tx, row.id))
    surveys = await surveys_of(tx, row.id)
    known = rules.Known(
        line=row.line, limit=row.amount or ZERO, industry=row.risk.get("industry"),
        heads=row.risk.get("insured_at_site") or 0,
        claims=await claims_of(tx, row.customer_id, row.line, tx.now - months * MONTH),
        material=facts.more["effects"].get("survey", ()), requested=requested,
    )  # fmt: skip
    needed = rules.reasons(known, facts.settings) if row.of_kind is ApplicationKind.PROPOSAL else []
    last = surveys[-1] if surveys else None
    newest = last and rules.Surveyed(last.completed_at, frozenset(last.surveyors), last.risk_level)
    return SurveyFacts(
        reasons=tuple(needed), requested=requested, newest=newest,
        surveyors=frozenset(person for one in surveys for person in one.surveyors),
        assessed=await is_assessed(tx, row.id, row.customer_id),
    )  # fmt: skip


async def known(tx: Transaction, facts: ApplicationFacts) -> dict[str, Any]:
    """What this room adds to the facts of an application; after the disclosure's."""
    found = await survey_facts(tx, facts)
    limit: Decimal = facts.application.amount or ZERO
    needed = facts.application.line == "liability" and limit >= Decimal(facts.settings["survey"]["assessment_from"])
    part = {
        "reasons": list(found.reasons), "requested": found.requested, "signed": found.newest is not None,
        "surveyed_at": None if found.newest is None else found.newest.at.isoformat(),
        "risk_level": None if found.newest is None else found.newest.risk_level,
        "assessment_needed": needed, "assessed": found.assessed,
    }  # fmt: skip
    return {"survey": found, "survey_part": part}
