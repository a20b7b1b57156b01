"""Improvements over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.improvement import handlers, queries, shapes
from services.crm.improvement.schemas import ActionFactOut, ActionList, ReportAction, SetAction
from services.crm.survey.tables import Survey
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["surveys"])
PATH = "/v1/surveys/{survey_id}/actions"


@room.reads(PATH, ActionList, may="crm.survey.read")
async def list_survey_actions(survey_id: UUID, call: Reads) -> Response:
    """The improvements that a survey led to, in the order in which they were set."""
    async with call.db.transaction(call.actor) as tx:
        survey = await tx.find(Survey, survey_id)
        return shown(ActionList(items=await shapes.items(tx, await queries.of_survey(tx, survey.id))))


@room.posts(PATH, ActionFactOut, may="crm.survey.act")
async def set_survey_action(survey_id: UUID, command: SetAction, call: Changes) -> Response:
    """Ask somebody for an improvement until a day."""
    return sent(await handlers.set_action(call.db, call.actor, call.key, survey_id, call.version, command))


@room.posts(PATH + "/{action_id}/completions", ActionFactOut, may="crm.survey.act")
async def report_survey_action(survey_id: UUID, action_id: UUID, command: ReportAction, call: Changes) -> Response:
    """Report an improvement done, as its owner."""
    place = (survey_id, action_id)
    return sent(await handlers.report_action(call.db, call.actor, call.key, place, call.version, command))
