"""Risk assessments over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.risk.assessment import handlers, queries, schemas, shapes
from services.risk.assessment.tables import RiskAssessment
from shared import directory
from shared.letter_routes import letter_routes
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Creates, Reads, Room, sent, shown

room = Room(tags=["risk assessments"])
PATH = "/v1/risk-assessments"
letters_room = letter_routes(
    RiskAssessment, PATH, issue="risk.letter.issue", serve="risk.letter.serve", read="risk.attachment.read",
    data=queries.data_of,
)  # fmt: skip
"""The assessment as a page for the customer."""


@room.reads("/v1/risk-assessments", Page[schemas.AssessmentItem], may="risk.assessment.read", free_query=True)
async def list_assessments(request: Request, call: Reads) -> Response:
    """Assessments in the caller's scope."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.ASSESSMENTS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.ASSESSMENTS, asked, call.state.secret)
        return shown(shaped([shapes.item(row) for row in rows], cursor, total), fields=asked.fields)


@room.posts("/v1/risk-assessments", schemas.AssessmentOut, may="risk.assessment.draft")
async def draft_assessment(command: schemas.DraftAssessment, call: Creates) -> Response:
    """Draft an assessment of an application, a policy or a visit."""
    return sent(await handlers.draft(call.db, call.actor, call.key, command, call.language))


@room.reads("/v1/risk-assessments/{assessment_id}", schemas.AssessmentOut, may="risk.assessment.read")
async def read_assessment(assessment_id: UUID, call: Reads) -> Response:
    """One assessment."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(RiskAssessment, assessment_id)
        return shown(shapes.alone(row, call.actor, call.language), version=row.version)


@room.posts(
    "/v1/risk-assessments/{assessment_id}/signatures", schemas.AssessmentFactOut, may="risk.assessment.sign",
)  # fmt: skip
async def sign_assessment(assessment_id: UUID, command: schemas.SignAssessment, call: Changes) -> Response:
    """Sign the assessment that the customer has got."""
    return sent(await handlers.sign(call.db, call.actor, call.key, assessment_id, call.version, command))
