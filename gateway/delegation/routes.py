"""Delegations over HTTP. `call.state.callers` forgets the delegate before the answer leaves."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from gateway.delegation import handlers, queries, shapes
from gateway.delegation.schemas import DelegationItem, DelegationOut, Grant
from gateway.organisation.queries import paths_of, today
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Creates, Edits, Reads, Room, sent, shown

room = Room(tags=["delegations"])


@room.reads("/v1/delegations", Page[DelegationItem], may="organisation.delegation.read", free_query=True)
async def list_delegations(request: Request, call: Reads) -> Response:
    """Delegations of the caller's unit and of those below it, and those given by or to the caller."""
    async with call.db.transaction(call.actor) as tx:
        paths = await paths_of(tx, request.query_params.getlist("unit_code"))
        await tx.use_scope("00")
        listing = queries.listing(today(tx))
        asked = read_query(listing, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, listing, asked, call.state.secret, queries.visible(call.actor))
        known = await queries.around(tx, rows)
        items = [shapes.item(row, known, today(tx)) for row in rows]
        return shown(shaped(items, cursor, total), fields=asked.fields)


@room.posts("/v1/delegations", DelegationOut, may="organisation.delegation.grant", step_up=True)
async def grant_delegation(command: Grant, call: Creates) -> Response:
    """Let another person act with some of one's permissions for a time."""
    state = call.state
    answer = await handlers.grant(call.db, call.actor, call.key, command, state.matrix, state.people, call.language)
    state.callers.forget(command.to_person_id)
    return sent(answer)


@room.reads("/v1/delegations/{delegation_id}", DelegationOut, may="organisation.delegation.read")
async def read_delegation(delegation_id: UUID, call: Reads) -> Response:
    """One delegation."""
    async with call.db.transaction(call.actor) as tx:
        row = await queries.find(tx, delegation_id)
        known = await queries.around(tx, [row])
        return shown(shapes.alone(row, known, today(tx), call.actor, call.language), version=row.version)


@room.deletes("/v1/delegations/{delegation_id}", DelegationOut, may="organisation.delegation.revoke")
async def revoke_delegation(delegation_id: UUID, call: Edits) -> Response:
    """End a delegation: it no longer holds for the next request."""
    answer = await handlers.revoke(call.db, call.actor, call.key, delegation_id, call.version, call.language)
    call.state.callers.forget(None)
    return sent(answer)
