"""Results of surveys over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.result import handlers, queries
from services.crm.result.schemas import Analyse, AnalysisOut, ResultsOut
from services.crm.survey.tables import Survey
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["surveys"])


@room.reads("/v1/surveys/{survey_id}/results", ResultsOut, may="crm.survey.read")
async def read_results(survey_id: UUID, call: Reads) -> Response:
    """Index, ranks and spread of the answers; hidden below the minimum sample."""
    async with call.db.transaction(call.actor) as tx:
        survey = await tx.find(Survey, survey_id)
        return shown(await queries.results(tx, survey), version=survey.version)


@room.posts("/v1/surveys/{survey_id}/analyses", AnalysisOut, may="crm.survey.act")
async def analyse_survey(survey_id: UUID, command: Analyse, call: Changes) -> Response:
    """Publish the conclusion of a closed survey, with a ranking of units that have the minimum sample."""
    return sent(await handlers.analyse(call.db, call.actor, call.key, survey_id, call.version, command))
