"""Directives over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from gateway.directives import handlers, queries, shapes
from gateway.directives.schemas import (
    AcknowledgeDirective,
    CompleteDirective,
    DirectiveFactOut,
    DirectiveItem,
    DirectiveOut,
    IssueDirective,
    IssueOut,
)
from gateway.directives.tables import Directive
from gateway.organisation.queries import paths_of
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Creates, Reads, Room, sent, shown

room = Room(tags=["directives"])


@room.reads("/v1/directives", Page[DirectiveItem], may="organisation.directive.read", free_query=True)
async def list_directives(request: Request, call: Reads) -> Response:
    """What the caller's unit and those below it were told to do, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.DIRECTIVES, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.DIRECTIVES, asked, call.state.secret)
        return shown(shaped([shapes.directive_item(row) for row in rows], cursor, total), fields=asked.fields)


@room.posts("/v1/directives", IssueOut, may="organisation.directive.issue")
async def issue_directive(command: IssueDirective, call: Creates) -> Response:
    """Tell units below the caller's what to do by when."""
    return sent(await handlers.issue_directive(call.db, call.actor, call.key, command))


@room.reads("/v1/directives/{directive_id}", DirectiveOut, may="organisation.directive.read")
async def read_directive(directive_id: UUID, call: Reads) -> Response:
    """What one unit was told to do, and how far it is."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(Directive, directive_id)
        return shown(shapes.directive_alone(row, call.actor, call.language), version=row.version)


@room.posts(
    "/v1/directives/{directive_id}/acknowledgements", DirectiveFactOut, may="organisation.directive.acknowledge"
)
async def acknowledge_directive(directive_id: UUID, command: AcknowledgeDirective, call: Changes) -> Response:
    """The unit addressed has read the directive."""
    return sent(
        await handlers.acknowledge_directive(call.db, call.actor, call.key, directive_id, call.version, command)
    )


@room.posts("/v1/directives/{directive_id}/completions", DirectiveFactOut, may="organisation.directive.complete")
async def complete_directive(directive_id: UUID, command: CompleteDirective, call: Changes) -> Response:
    """The unit addressed has done what it was told."""
    return sent(await handlers.complete_directive(call.db, call.actor, call.key, directive_id, call.version, command))
