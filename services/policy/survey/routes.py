"""Survey requests over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.policy.application.handlers import PATH
from services.policy.survey import handlers
from services.policy.survey.schemas import RequestSurvey, SurveyRequestOut
from shared.routing import Changes, Room, sent

room = Room(tags=["applications"])


@room.posts(PATH + "/{application_id}/survey-requests", SurveyRequestOut, may="policy.application.request_survey")
async def request_survey(application_id: UUID, command: RequestSurvey, call: Changes) -> Response:
    """Have somebody look at the place before cover."""
    known = (call.db, call.actor, call.key, application_id, call.version)
    return sent(await handlers.request_survey(*known, command, call.state))
