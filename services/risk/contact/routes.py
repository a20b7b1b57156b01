"""Talks with customers over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.risk.contact import handlers, queries
from services.risk.contact.schemas import ContactAlone, ContactOut, LogContact
from services.risk.key_risk.tables import ContactLog
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Creates, Reads, Room, sent, shown

room = Room(tags=["contact-logs"])
PATH = "/v1/contact-logs"


@room.reads(PATH, Page[ContactOut], may="risk.contact_log.read", free_query=True)
async def list_contacts(request: Request, call: Reads) -> Response:
    """Talks with customers in the caller's scope, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.CONTACTS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.CONTACTS, asked, call.state.secret)
        return shown(shaped([ContactOut.model_validate(row) for row in rows], cursor, total), fields=asked.fields)


@room.posts(PATH, ContactOut, may="risk.contact_log.record")
async def log_contact(command: LogContact, call: Creates) -> Response:
    """Write down a talk with a customer."""
    return sent(await handlers.log_contact(call.db, call.actor, call.key, command))


@room.reads(f"{PATH}/{{contact_id}}", ContactAlone, may="risk.contact_log.read")
async def read_contact(contact_id: UUID, call: Reads) -> Response:
    """One talk."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(ContactLog, contact_id)
        out = ContactAlone(**ContactOut.model_validate(row).model_dump(), available_actions=[])
        return shown(out, version=row.version)
