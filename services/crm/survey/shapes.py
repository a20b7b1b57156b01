"""How plans and surveys are shown."""

from __future__ import annotations

from typing import Any

from services.crm.questionnaire.shapes import person
from services.crm.survey import queries
from services.crm.survey.schemas import PlanOut, SurveyItem, SurveyOut, SurveyState
from services.crm.survey.tables import Survey, SurveyPlan
from shared.actions import Action, judged
from shared.database import Transaction
from shared.directory import staff_numbers


def state_of(row: Survey) -> SurveyState:
    return SurveyState(id=row.id, version=row.version, status=row.status)


def plan(row: SurveyPlan) -> PlanOut:
    return PlanOut(
        id=row.id, version=row.version, org_path=row.org_path, created_at=row.created_at, updated_at=row.updated_at,
        year=row.year, entries=row.entries,
    )  # fmt: skip


def _plain(row: Survey) -> dict[str, Any]:
    names = (
        "id", "version", "org_path", "created_at", "updated_at", "status", "plan_code", "questionnaire_id", "channel",
        "anonymous", "starts_on", "closes_on", "closed_at",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names} | {"title": {"zh": row.title_zh, "en": row.title_en}}


def item(row: Survey) -> SurveyItem:
    return SurveyItem(**_plain(row))


async def alone(
    tx: Transaction, row: Survey, actions: tuple[Action[queries.SurveyFacts], ...], language: str
) -> SurveyOut:
    """The survey read singly."""
    known = [one for one in (row.owner_id, row.drafted_by, row.approved_by) if one is not None]
    staff = await staff_numbers(tx, known)
    facts = await queries.facts_of(tx, row)
    return SurveyOut(
        **_plain(row), reason=row.reason, frame=row.frame, sample_per_unit=row.sample_per_unit, sample=row.sample,
        owner=person(row.owner_id, staff), drafted_by=person(row.drafted_by, staff), approved_at=row.approved_at,
        approved_by=None if row.approved_by is None else person(row.approved_by, staff), analysis=row.analysis,
        available_actions=judged(actions, tx.actor, facts, row.id, language),
    )  # fmt: skip
