"""Publish what a survey says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.crm.figure.handlers import record
from services.crm.figure.rules import Metric
from services.crm.result import queries, rules
from services.crm.result.rules import Given
from services.crm.result.schemas import Analyse, AnalysisOut
from services.crm.survey.queries import SurveyFacts
from services.crm.survey.rules import SurveyStatus
from services.crm.survey.shapes import state_of
from services.crm.survey.tables import Survey
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items


def check_analysis(_actor: Actor, facts: SurveyFacts) -> None:
    """Whether this survey may be analysed now."""
    rules.may_analyse(facts.survey.state)


async def analyse(
    db: Database, actor: Actor, key: RequestKey, survey_id: UUID, version: int | None, command: Analyse
) -> Answer:
    """Keep the conclusion, with the index and the ranking that are published with it."""
    async with db.transaction(actor, key) as tx:
        survey = await tx.find_for_change(Survey, survey_id, version)
        rules.may_analyse(survey.state)
        minimum, given = await queries.minimum_sample(tx), await queries.given_to(tx, survey.id)
        units = queries.units_of(given, minimum)
        ranking = rules.check_ranking(command.ranking, units, minimum)
        index = rules.index_of([one.points for one in given if one.points is not None], minimum)
        survey.analysis = {
            "summary": command.summary, "index": None if index is None else str(index), "responses": len(given),
            "ranking": _places(ranking, units),
        }  # fmt: skip
        survey.status = str(SurveyStatus.ANALYSED)
        await _count(tx, survey, given)
        await close_items(tx, survey.id, "analyse_survey")
        tx.note("analyse", survey, before={"status": "closed"}, after={"status": survey.status, "ranked": len(ranking)})
        out = AnalysisOut(id=uuid7(), created_at=tx.now, index=index, ranking=ranking, survey=state_of(survey))
        return tx.answer(out, location=f"/v1/surveys/{survey.id}/results", version=survey.version)


async def _count(tx: Transaction, survey: Survey, given: Sequence[Given]) -> None:
    """What the survey adds to the satisfaction of each unit: sums alone, so that no answer can be told by its time."""
    sums: dict[str, list[Decimal]] = defaultdict(list)
    for one in given:
        if one.points is not None:
            sums[one.unit_path].append(Decimal(one.points))
    for path, points in sorted(sums.items()):
        about, on = ("survey", survey.id, path), legal_day(survey.closed_at) if survey.closed_at else survey.closes_on
        await record(
            tx, Metric.CUSTOMER_SATISFACTION, about, on=on, part=sum(points), whole=len(points), n=path
        )  # fmt: skip


def _places(ranking: list[str], units: dict[str, rules.Figure]) -> list[dict[str, Any]]:
    """The place of each unit among those that are published; equals share one."""
    indexes = [units[code].index for code in ranking]
    return [
        {"unit_code": code, "index": str(one), "rank": indexes.index(one) + 1}
        for code, one in zip(ranking, indexes, strict=True)
    ]


ACTIONS: tuple[Action[SurveyFacts], ...] = (
    Action("analyse", "POST", "/v1/surveys/{id}/analyses", "crm.survey.act", check_analysis),
)
