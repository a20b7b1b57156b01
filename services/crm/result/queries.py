"""The answers of a survey in the caller's scope, and the figures made of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from services.crm.questionnaire.rules import Form
from services.crm.questionnaire.tables import Questionnaire
from services.crm.response.tables import SurveyAnswer
from services.crm.result import rules
from services.crm.result.rules import Figure, Given
from services.crm.result.schemas import EarlierResult, GroupResult, ResultsOut, UnitResult
from services.crm.survey.queries import questionnaire_of
from services.crm.survey.shapes import state_of
from services.crm.survey.tables import Survey
from shared.database import Transaction
from shared.rule_sets import in_force

_EARLIER = 8


async def minimum_sample(tx: Transaction) -> int:
    return (await in_force(tx, "sampling")).content["surveys"]["minimum_sample"]


async def given_to(tx: Transaction, survey_id: UUID) -> list[Given]:
    """Every answer to a survey, as far as figures are made of it."""
    rows = await tx.scalars(select(SurveyAnswer).where(SurveyAnswer.survey_id == survey_id))
    return [Given(one.org_path, one.product, one.touch_point, one.points, one.answers) for one in rows]


def units_of(given: Sequence[Given], minimum: int) -> dict[str, Figure]:
    """Index and rank by unit code."""
    return rules.ranked(rules.by(given, lambda one: one.unit_path.rpartition(".")[2], minimum))


async def earlier_than(tx: Transaction, survey: Survey, questionnaire: Questionnaire) -> Sequence[Survey]:
    """Closed surveys of the same unit that asked an edition of the same questionnaire, the latest first."""
    same = select(Questionnaire.id).where(
        Questionnaire.code == questionnaire.code, Questionnaire.org_path == questionnaire.org_path
    )
    before = select(Survey).where(
        Survey.org_path == survey.org_path, Survey.id != survey.id, Survey.closed_at.is_not(None),
        Survey.starts_on <= survey.starts_on, Survey.questionnaire_id.in_(same),
    )  # fmt: skip
    return await tx.scalars(before.order_by(Survey.closed_at.desc(), Survey.id.desc()).limit(_EARLIER))


async def results(tx: Transaction, survey: Survey) -> ResultsOut:
    """Everything that a survey says, with what was said before."""
    minimum, given = await minimum_sample(tx), await given_to(tx, survey.id)
    questionnaire = await questionnaire_of(tx, survey)
    before = {one: await given_to(tx, one.id) for one in await earlier_than(tx, survey, questionnaire)}
    latest = units_of(next(iter(before.values()), []), minimum)
    choosable = [one.question.code for one in questionnaire.asked if one.question.form is not Form.TEXT]
    points = [one.points for one in given if one.points is not None]
    invited = (survey.sample or {}).get("invited", 0)
    return ResultsOut(
        survey=state_of(survey), invited=invited, responses=len(given), minimum_sample=minimum,
        response_rate=f"{len(given) / invited:.4f}" if invited else None, index=rules.index_of(points, minimum),
        units=_units(survey, units_of(given, minimum), latest), groups=_groups(given, minimum),
        # below the minimum the answers of a few would be read off the table
        questions=rules.spread(given, choosable) if len(given) >= minimum else {},
        earlier=[_earlier(one, each, minimum) for one, each in before.items()],
    )  # fmt: skip


def _units(survey: Survey, now: dict[str, Figure], before: dict[str, Figure]) -> list[UnitResult]:
    sampled = (survey.sample or {}).get("units", {})
    rows = []
    for code in sorted({*now, *(code for code, one in sampled.items() if one["invited"])}):
        one = now.get(code, Figure(0, None))
        earlier = before[code].index if code in before else None
        rows.append(
            UnitResult(
                unit_code=code,
                invited=sampled.get(code, {}).get("invited", 0),
                responses=one.responses,
                index=one.index,
                rank=one.rank,
                index_before=earlier,
                change=None if one.index is None or earlier is None else one.index - earlier,
            )
        )
    return sorted(rows, key=lambda one: (one.rank is None, one.rank, one.unit_code))


def _groups(given: Sequence[Given], minimum: int) -> list[GroupResult]:
    found = rules.by(given, lambda one: (one.product, one.touch_point), minimum)
    return [
        GroupResult(product=product, touch_point=touch_point, responses=one.responses, index=one.index)
        for (product, touch_point), one in sorted(found.items(), key=lambda pair: tuple(map(str, pair[0])))
    ]


def _earlier(survey: Survey, given: Sequence[Given], minimum: int) -> EarlierResult:
    assert survey.closed_at is not None  # noqa: S101 - the query's condition
    points = [one.points for one in given if one.points is not None]
    return EarlierResult(
        survey_id=survey.id, closed_at=survey.closed_at, responses=len(given), index=rules.index_of(points, minimum)
    )
