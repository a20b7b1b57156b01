"""One page after the other: what the answers so far lead to is asked next, and handed over when nothing is left."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gateway.forwarding.upstreams import Upstreams
from gateway.survey_page import queries, shapes
from shared.errors import ServiceUnavailable, UpstreamTimeout


@dataclass(frozen=True)
class Page:
    status: int
    text: str


@dataclass(frozen=True)
class Visitor:
    """Whoever holds the link, and the language in which he reads."""

    token: str
    language: str
    request_id: str


async def opened(upstreams: Upstreams, visitor: Visitor) -> Page:
    """The first page of a link."""
    return await _guarded(upstreams, visitor, {}, ())


async def sent(upstreams: Upstreams, visitor: Visitor, answers: Mapping[str, str], shown: Collection[str]) -> Page:
    """The page after `answers`; `shown`: the questions that stood on the pages so far."""
    return await _guarded(upstreams, visitor, answers, shown)


async def _guarded(upstreams: Upstreams, visitor: Visitor, answers: Mapping[str, str], shown: Collection[str]) -> Page:
    try:
        return await _next(upstreams, visitor, answers, shown)
    except (ServiceUnavailable, UpstreamTimeout):
        return Page(503, shapes.message("busy", visitor.language))


async def _next(upstreams: Upstreams, visitor: Visitor, answers: Mapping[str, str], shown: Collection[str]) -> Page:
    told = await queries.tell(upstreams, visitor.token, answers, "forms", visitor.request_id)
    if told.status != 200:
        return _refused(told, visitor)
    asked = {one["code"]: one for one in told.body["questions"]}
    # what an answer that was changed no longer leads to is not handed over
    given = {code: said for code, said in answers.items() if code in asked and said.strip()}
    missing = [code for code, one in asked.items() if code in shown and one["required"] and code not in given]
    due = [one for code, one in asked.items() if code not in shown or code in missing]
    if due:
        text = shapes.form(
            told.body, due, token=visitor.token, language=visitor.language, answers=given, shown=shown, missing=missing
        )
        return Page(422 if missing else 200, text)
    handed = await queries.tell(upstreams, visitor.token, given, "responses", visitor.request_id)
    if handed.status != 201:
        return _refused(handed, visitor)
    return Page(200, shapes.message("received", visitor.language))


def _refused(told: queries.Told, visitor: Visitor) -> Page:
    """Kindly: why there is nothing to fill in."""
    return Page(told.status, shapes.message(told.code, visitor.language))
