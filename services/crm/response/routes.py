"""Surveys answered by link: whoever holds one is known by nothing else."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.crm.response import handlers
from services.crm.response.schemas import FormOut, Link, ReceivedOut
from shared.routing import Room, shown

room = Room(tags=["surveys"])
MAX_BYTES = 64 * 1024


@room.posts("/v1/surveys/{survey_id}/forms", FormOut, public=True, status=200, max_bytes=MAX_BYTES)
async def read_form(survey_id: UUID, link: Link, request: Request) -> Response:
    """What to ask the holder of a link now; nothing is stored."""
    return shown(await handlers.form(request.app.state.db, survey_id, link.token, link.answers))


@room.posts("/v1/surveys/{survey_id}/responses", ReceivedOut, public=True, status=201, max_bytes=MAX_BYTES)
async def respond(survey_id: UUID, link: Link, request: Request) -> Response:
    """Answer by a link, once."""
    out = await handlers.respond(request.app.state.db, survey_id, link.token, link.answers)
    return Response(out.model_dump_json(), 201, {"Cache-Control": "no-store"}, media_type="application/json")
