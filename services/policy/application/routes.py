"""Applications over HTTP: open, fill in, tell what is missing, take back, read."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.policy.application import handlers, queries, schemas, shapes
from services.policy.application.handlers import PATH
from services.policy.application.tables import Application
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Edits, Reads, Room, sent, shown

room = Room(tags=["applications"])


@room.reads(PATH, Page[schemas.ApplicationItem], may="policy.application.read", free_query=True)
async def list_applications(request: Request, call: Reads) -> Response:
    """Applications in the caller's scope."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.APPLICATIONS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.APPLICATIONS, asked, call.state.secret)
        return shown(shaped([shapes.item(row) for row in rows], cursor, total), fields=asked.fields)


@room.reads(PATH + "/{application_id}", schemas.ApplicationOut, may="policy.application.read")
async def read_application(application_id: UUID, call: Reads) -> Response:
    """One application with what it lacks and what the caller may do."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(Application, application_id)
        facts = await queries.facts_of(tx, row, call.state)
        return shown(shapes.alone(facts, call.state.actions, call.actor, call.language), version=row.version)


@room.patches(PATH + "/{application_id}", schemas.ApplicationOut, may="policy.application.change")
async def change_application(application_id: UUID, command: schemas.ChangeApplication, call: Edits) -> Response:
    """Fill in or change the form while it is the applicant's."""
    known = (call.db, call.actor, call.key, application_id, call.version)
    return sent(await handlers.change_application(*known, command, call.state))


@room.posts(PATH + "/{application_id}/missing-items", schemas.MissingOut, may="policy.application.request_missing")
async def tell_missing(application_id: UUID, command: schemas.TellMissing, call: Changes) -> Response:
    """Tell the customer, once and all together, what is missing."""
    known = (call.db, call.actor, call.key, application_id, call.version)
    return sent(await handlers.tell_missing(*known, command, call.state))


@room.posts(PATH + "/{application_id}/withdrawals", schemas.RecordState, may="policy.application.withdraw")
async def withdraw(application_id: UUID, command: schemas.Withdraw, call: Changes) -> Response:
    """The applicant takes the application back."""
    known = (call.db, call.actor, call.key, application_id, call.version)
    return sent(await handlers.withdraw(*known, command, call.state))
