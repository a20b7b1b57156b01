"""Granted services over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.crm.service_grant import handlers, queries, shapes
from services.crm.service_grant.schemas import ConfirmGrant, GrantFactOut, GrantItem, GrantOut, GrantRequest
from services.crm.service_grant.tables import ServiceGrant
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Creates, Reads, Room, sent, shown

room = Room(tags=["value_added_services"])


@room.reads("/v1/service-grants", Page[GrantItem], may="crm.service_grant.read", free_query=True)
async def list_service_grants(request: Request, call: Reads) -> Response:
    """What was granted to customers in the caller's scope, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.GRANTS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.GRANTS, asked, call.state.secret)
        return shown(shaped(await shapes.items(tx, rows), cursor, total), fields=asked.fields)


@room.posts("/v1/service-grants", GrantOut, may="crm.service_grant.grant")
async def grant_service(command: GrantRequest, call: Creates) -> Response:
    """Grant a customer a service: for his tier, within the quota, below the rebate bar."""
    reader = handlers.For(call.state.grant_actions, call.language)
    return sent(await handlers.grant_service(call.db, call.actor, call.key, command, reader))


@room.reads("/v1/service-grants/{grant_id}", GrantOut, may="crm.service_grant.read")
async def read_service_grant(grant_id: UUID, call: Reads) -> Response:
    """One granted service, with what the year has left for the customer."""
    async with call.db.transaction(call.actor) as tx:
        grant = await tx.find(ServiceGrant, grant_id)
        out = await shapes.alone(tx, grant, call.state.grant_actions, call.language)
        return shown(out, version=grant.version)


@room.posts("/v1/service-grants/{grant_id}/confirmations", GrantFactOut, may="crm.service_grant.confirm")
async def confirm_service(grant_id: UUID, command: ConfirmGrant, call: Changes) -> Response:
    """It was carried out at this cost; then: the customer confirmed it."""
    return sent(await handlers.confirm_service(call.db, call.actor, call.key, grant_id, call.version, command))
