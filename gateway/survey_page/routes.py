"""The page of a survey over HTTP: whoever holds a link may open it, and nothing else is asked of him."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Request
from starlette.responses import Response

from gateway.survey_page import handlers, shapes
from gateway.survey_page.handlers import Page, Visitor
from shared.problems import language_of
from shared.routing import Room

room = Room(include_in_schema=False)

MAX_BYTES = 256 * 1024
_PREFIX = "a."

Language = Annotated[Literal["zh", "en"] | None, Query(description="Instead of what the browser prefers.")]


def _visitor(request: Request, token: str, lang: str | None) -> Visitor:
    language = lang or language_of(request.headers.get("accept-language"))
    return Visitor(token, language, request.state.request_id)


def _written(page: Page) -> Response:
    headers = dict(shapes.HEADERS) | ({"Retry-After": "30"} if page.status == 503 else {})
    return Response(page.text, page.status, headers, media_type="text/html; charset=utf-8")


@room.reads("/survey/{token}", None, public=True)
async def open_survey(token: str, request: Request, lang: Language = None) -> Response:
    """The first questions of a link, or why there are none."""
    return _written(await handlers.opened(request.app.state.upstreams, _visitor(request, token, lang)))


@room.posts("/survey/{token}", None, public=True, status=200, max_bytes=MAX_BYTES)
async def send_survey(token: str, request: Request, lang: Language = None) -> Response:
    """The answers of one page: the next questions, or thanks."""
    async with request.form(max_files=0, max_fields=300) as fields:
        said = [(name, value) for name, value in fields.multi_items() if isinstance(value, str)]
    answers = {name.removeprefix(_PREFIX): value for name, value in said if name.startswith(_PREFIX)}
    shown = {value for name, value in said if name == "shown"}
    return _written(await handlers.sent(request.app.state.upstreams, _visitor(request, token, lang), answers, shown))
