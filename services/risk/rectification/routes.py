"""Rectification notices over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.risk.rectification import handlers, queries, schemas, shapes
from services.risk.rectification.tables import RectificationNotice
from shared import directory
from shared.letter_routes import letter_routes
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Creates, Reads, Room, sent, shown

room = Room(tags=["rectification-notices"])
PATH = handlers.PATH


@room.reads(PATH, Page[schemas.NoticeItem], may="risk.rectification.read", free_query=True)
async def list_notices(request: Request, call: Reads) -> Response:
    """Rectification notices in the caller's scope."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.NOTICES, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.NOTICES, asked, call.state.secret)
        return shown(shaped([shapes.item(row) for row in rows], cursor, total), fields=asked.fields)


@room.posts(PATH, schemas.IssuedOut, may="risk.rectification.issue")
async def issue_notice(command: schemas.IssueNotice, call: Creates) -> Response:
    """Issue the written notice about hazards of a visit, as a page (PDF)."""
    folder = call.state.settings.attachments_dir
    return sent(await handlers.issue_notice(call.db, call.actor, call.key, command, folder))


@room.reads(f"{PATH}/{{notice_id}}", schemas.NoticeOut, may="risk.rectification.read")
async def read_notice(notice_id: UUID, call: Reads) -> Response:
    """One notice with its hazards and their days."""
    async with call.db.transaction(call.actor) as tx:
        notice = await tx.find(RectificationNotice, notice_id)
        return shown(shapes.alone(notice, call.actor, call.language), version=notice.version)


@room.posts(f"{PATH}/{{notice_id}}/receipts", schemas.ServedOut, may="risk.rectification.confirm")
async def record_receipt(notice_id: UUID, command: schemas.NoticeReceipt, call: Changes) -> Response:
    """Record that the notice was served, with the file of the receipt: the periods begin."""
    return sent(await handlers.record_service(call.db, call.actor, call.key, notice_id, call.version, command))


letters_room = letter_routes(
    RectificationNotice,
    PATH,
    issue="risk.letter.issue",
    serve="risk.letter.serve",
    read="risk.attachment.read",
    data=queries.data_of,
    served=handlers.served,
)
"""The notice's own page again, and reminders of what is overdue."""
