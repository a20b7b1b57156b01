"""Questionnaires over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.crm.questionnaire import handlers, queries, shapes
from services.crm.questionnaire.schemas import (
    ApproveQuestionnaire,
    DraftQuestionnaire,
    QuestionnaireApprovalOut,
    QuestionnaireItem,
    QuestionnaireRecordOut,
)
from services.crm.questionnaire.tables import Questionnaire
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Creates, Reads, Room, sent, shown

room = Room(tags=["questionnaires"])


@room.reads("/v1/questionnaires", Page[QuestionnaireItem], may="crm.questionnaire.read", free_query=True)
async def list_questionnaires(request: Request, call: Reads) -> Response:
    """Editions of the caller's unit and of those below, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.QUESTIONNAIRES, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.QUESTIONNAIRES, asked, call.state.secret)
        return shown(shaped([shapes.item(one) for one in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/questionnaires/{questionnaire_id}", QuestionnaireRecordOut, may="crm.questionnaire.read")
async def read_questionnaire(questionnaire_id: UUID, call: Reads) -> Response:
    """One edition with its questions."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(Questionnaire, questionnaire_id)
        return shown(await shapes.alone(tx, row, handlers.ACTIONS, call.language), version=row.version)


@room.posts("/v1/questionnaires", QuestionnaireRecordOut, may="crm.questionnaire.draft")
async def draft_questionnaire(command: DraftQuestionnaire, call: Creates) -> Response:
    """Draft the next edition of a questionnaire: for a kind of visit, or for surveys."""
    return sent(await handlers.draft(call.db, call.actor, call.key, command, call.language))


@room.posts(
    "/v1/questionnaires/{questionnaire_id}/approvals", QuestionnaireApprovalOut, may="crm.questionnaire.approve"
)
async def approve_questionnaire(questionnaire_id: UUID, command: ApproveQuestionnaire, call: Changes) -> Response:
    """Approve an edition that somebody else drafted; from now on it is asked."""
    return sent(await handlers.approve(call.db, call.actor, call.key, questionnaire_id, call.version, command))
