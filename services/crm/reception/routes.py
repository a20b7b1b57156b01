"""Registering enquiries, and reading them."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.crm.enquiry import queries, shapes
from services.crm.enquiry.schemas import EnquiryItem, EnquiryOut, RegisteredOut, RegisterEnquiry
from services.crm.enquiry.tables import Enquiry
from services.crm.reception import handlers
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Creates, Reads, Room, sent, shown

room = Room(tags=["enquiries"])


@room.posts("/v1/enquiries", RegisteredOut, may="crm.enquiry.register")
async def register_enquiry(command: RegisterEnquiry, call: Creates) -> Response:
    """Take in an enquiry at any unit, by any channel, and answer it at once or promise when."""
    return sent(await handlers.register_enquiry(call.db, call.actor, call.key, command, call.state.blind_key))


@room.reads("/v1/enquiries", Page[EnquiryItem], may="crm.enquiry.read", free_query=True)
async def list_enquiries(request: Request, call: Reads) -> Response:
    """Enquiries in the caller's scope, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.ENQUIRIES, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.ENQUIRIES, asked, call.state.secret)
        return shown(shaped([shapes.item(row) for row in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/enquiries/{enquiry_id}", EnquiryOut, may="crm.enquiry.read")
async def read_enquiry(enquiry_id: UUID, call: Reads) -> Response:
    """One enquiry with its promise, what was done, and what the caller may do."""
    async with call.db.transaction(call.actor) as tx:
        enquiry = await tx.find(Enquiry, enquiry_id)
        out = await shapes.alone(tx, enquiry, call.state.enquiry_actions, call.language)
        return shown(out, version=enquiry.version)
