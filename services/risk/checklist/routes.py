"""Checklists over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.risk.checklist import handlers, queries, schemas
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Creates, Reads, Room, sent, shown

room = Room(tags=["checklists"])


@room.reads("/v1/checklists", Page[schemas.ChecklistSummary], may="risk.checklist.read", free_query=True)
async def list_checklists(request: Request, call: Reads) -> Response:
    """Versions of checklists that hold for the caller's unit or were published below it."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.CHECKLISTS, request.query_params.multi_items(), paths.get)
        await tx.use_scope("00")
        rows, cursor, total = await page(tx, queries.CHECKLISTS, asked, call.state.secret, queries.seen_by(call.actor))
        items = [schemas.ChecklistSummary.model_validate(row) for row in rows]
        return shown(shaped(items, cursor, total), fields=asked.fields)


@room.posts("/v1/checklists", schemas.ChecklistOut, may="risk.checklist.publish")
async def publish_checklist(command: schemas.PublishChecklist, call: Creates) -> Response:
    """Publish a version of an industry's checklist."""
    return sent(await handlers.publish(call.db, call.actor, call.key, command))


@room.reads("/v1/checklists/{checklist_id}", schemas.ChecklistOut, may="risk.checklist.read")
async def read_checklist(checklist_id: UUID, call: Reads) -> Response:
    """One version with its items."""
    async with call.db.transaction(call.actor) as tx:
        row = await queries.find(tx, checklist_id)
        return shown(schemas.ChecklistOut.model_validate(row, from_attributes=True), version=row.version)
