"""Notices over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.crm.message import handlers, queries, shapes
from services.crm.message.schemas import MessageItem, MessageReportOut, MessageToTell, ReportMessage
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Creates, Reads, Room, sent, shown

room = Room(tags=["messages"])


@room.reads("/v1/messages", Page[MessageItem], may="crm.message.read", free_query=True)
async def list_messages(request: Request, call: Reads) -> Response:
    """Notices of all services to customers in the caller's scope, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.MESSAGES, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.MESSAGES, asked, call.state.secret)
        return shown(shaped(await shapes.items(tx, rows), cursor, total), fields=asked.fields)


@room.reads("/v1/messages/{message_id}", MessageToTell, may="crm.message.report")
async def read_message(message_id: UUID, call: Reads) -> Response:
    """The words of a notice that somebody has to tell; whom to tell comes from a reveal of the customer."""
    async with call.db.transaction(call.actor) as tx:
        return shown(await queries.to_tell(tx, message_id))


@room.posts("/v1/messages/{message_id}/reports", MessageReportOut, may="crm.message.report")
async def report_message(message_id: UUID, command: ReportMessage, call: Creates) -> Response:
    """Report a notice that was told by hand."""
    return sent(await handlers.report(call.db, call.actor, call.key, message_id, command))
