"""Plans and surveys over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Request
from starlette.responses import Response

from services.crm.survey import handlers, queries, shapes
from services.crm.survey.schemas import (
    ApproveSurvey,
    DraftSurvey,
    PlanOut,
    PutPlan,
    SurveyApprovalOut,
    SurveyItem,
    SurveyOut,
)
from services.crm.survey.tables import Survey
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Creates, MatchHeader, Reads, Room, sent, shown

room = Room(tags=["surveys"])

Year = Annotated[int, Path(ge=2000, le=2999)]


@room.reads("/v1/survey-plans", Page[PlanOut], may="crm.survey.read", free_query=True)
async def list_survey_plans(request: Request, call: Reads) -> Response:
    """Plans of the caller's unit and of those below, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.PLANS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.PLANS, asked, call.state.secret)
        return shown(shaped([shapes.plan(one) for one in rows], cursor, total), fields=asked.fields)


@room.puts("/v1/survey-plans/{year}", PlanOut, may="crm.survey.plan")
async def put_survey_plan(year: Year, command: PutPlan, call: Reads, if_match: MatchHeader = None) -> Response:
    """State the plan of a year; one that is there already needs its version in `If-Match`."""
    async with call.db.transaction(call.actor) as tx:
        row = await handlers.put_plan(tx, year, if_match, command)
        await tx.flush()
        return shown(shapes.plan(row), version=row.version)


@room.reads("/v1/surveys", Page[SurveyItem], may="crm.survey.read", free_query=True)
async def list_surveys(request: Request, call: Reads) -> Response:
    """Surveys of the caller's unit and of those below, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.SURVEYS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.SURVEYS, asked, call.state.secret)
        return shown(shaped([shapes.item(one) for one in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/surveys/{survey_id}", SurveyOut, may="crm.survey.read")
async def read_survey(survey_id: UUID, call: Reads) -> Response:
    """One survey: whom it asks, how many were invited and who was left out for which reason."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(Survey, survey_id)
        out = await shapes.alone(tx, row, call.state.survey_actions, call.language)
        return shown(out, version=row.version)


@room.posts("/v1/surveys", SurveyOut, may="crm.survey.draft")
async def draft_survey(command: DraftSurvey, call: Creates) -> Response:
    """Draft a survey; outside of the plan of its year it needs a reason."""
    return sent(await handlers.draft_survey(call.db, call.actor, call.key, command, call.language))


@room.posts("/v1/surveys/{survey_id}/approvals", SurveyApprovalOut, may="crm.survey.approve")
async def approve_survey(survey_id: UUID, command: ApproveSurvey, call: Changes) -> Response:
    """Approve a survey that somebody else drafted, with a questionnaire that is approved."""
    return sent(await handlers.approve_survey(call.db, call.actor, call.key, survey_id, call.version, command))
