"""The documents, the reading page and the reference lists over HTTP.

The pages are complete without internet access: everything they load lies in `static/`, and the policy that is sent with
them lets nothing else in.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Query
from starlette.responses import Response

from gateway.catalogue import queries
from gateway.catalogue.queries import Document
from gateway.catalogue.schemas import ReferenceOut
from gateway.catalogue.shapes import problem_page
from shared.errors import Fault, Text, UnknownParameter
from shared.routing import Reads, Room

MAY = "organisation.reference.read"
HEAD_OFFICE = "00"
KEPT = "max-age=300"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

Known = Annotated[str | None, Header(alias="If-None-Match")]
Parent = Annotated[str | None, Query(description="Of `divisions`: the code above; without it the provinces.")]

room = Room(tags=["catalogue"])


def answered(document: Document, known: str | None, headers: dict[str, str] | None = None) -> Response:
    """The document, or 304 where the caller has it."""
    sent = {"ETag": document.etag, "Cache-Control": KEPT, **(headers or {})}
    tags = {one.strip().removeprefix("W/") for one in (known or "").split(",")}
    if document.etag in tags or "*" in tags:
        return Response(status_code=304, headers=sent)
    return Response(document.body, headers=sent, media_type=document.media_type)


@room.reads("/v1/reference/{list_name}", ReferenceOut, may=MAY)
async def read_reference_list(list_name: str, call: Reads, parent: Parent = None, known: Known = None) -> Response:
    """The values of one enumeration with their names; `divisions`, `calendars` and `deadlines` likewise."""
    if parent is not None and list_name != queries.DIVISIONS:
        raise UnknownParameter(Fault("unknown_parameter", Text("不支持该查询参数。", "Not known."), parameter="parent"))
    if list_name in queries.RULE_LISTS:
        async with call.db.transaction(call.actor) as tx:
            await tx.use_scope(HEAD_OFFICE)
            out = await queries.rule_reference(tx, list_name)
    else:
        out = queries.reference(list_name, parent or "")
    return answered(Document.of(out.model_dump_json(exclude_none=True).encode(), "application/json"), known)


def document_room(*, public: bool) -> Room:
    """`/openapi.json` and `/asyncapi.json`; to everybody where the reading page is switched on, else to who has signed
    in.
    """
    documents = Room(include_in_schema=False)
    may = None if public else MAY

    @documents.reads("/openapi.json", None, may=may, public=public)
    async def read_openapi(known: Known = None) -> Response:
        return answered(queries.document("openapi.json"), known)

    @documents.reads("/asyncapi.json", None, may=may, public=public)
    async def read_asyncapi(known: Known = None) -> Response:
        return answered(queries.document("asyncapi.json"), known)

    return documents


def page_room() -> Room:
    """`/docs` and what it loads, and the page of problem codes."""
    pages = Room(include_in_schema=False)
    headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

    @pages.reads("/docs", None, public=True)
    async def read_docs(known: Known = None) -> Response:
        return answered(queries.page("docs.html"), known, headers)

    @pages.reads("/docs/problems", None, public=True)
    async def read_problems(known: Known = None) -> Response:
        body = problem_page(queries.problems())
        return answered(Document.of(body, "text/html; charset=utf-8"), known, headers)

    @pages.reads("/docs/static/{name}", None, public=True)
    async def read_static(name: str, known: Known = None) -> Response:
        return answered(queries.static(name), known, headers)

    return pages
