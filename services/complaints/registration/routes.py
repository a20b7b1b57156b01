"""Registering complaints, and reading them."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.complaints.complaint import queries, shapes
from services.complaints.complaint.schemas import (
    ComplaintItem,
    ComplaintOut,
    RegisterComplaint,
    RegisteredOut,
    TimelineOut,
)
from services.complaints.complaint.tables import Complaint
from services.complaints.registration import handlers
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Creates, Reads, Room, sent, shown

room = Room(tags=["complaints"])


@room.posts("/v1/complaints", RegisteredOut, may="complaints.complaint.register")
async def register_complaint(command: RegisterComplaint, call: Creates) -> Response:
    """Take in a complaint at any unit, by any channel; the branch owns it."""
    return sent(await handlers.register_complaint(call.db, call.actor, call.key, command))


@room.reads("/v1/complaints", Page[ComplaintItem], may="complaints.complaint.read", free_query=True)
async def list_complaints(request: Request, call: Reads) -> Response:
    """Complaints in the caller's scope, newest receipt first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.COMPLAINTS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.COMPLAINTS, asked, call.state.secret)
        return shown(shaped([shapes.item(row) for row in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/complaints/{complaint_id}", ComplaintOut, may="complaints.complaint.read")
async def read_complaint(complaint_id: UUID, call: Reads) -> Response:
    """One complaint with its clock, what was done, and what the caller may do."""
    async with call.db.transaction(call.actor) as tx:
        complaint = await tx.find(Complaint, complaint_id)
        out = await shapes.alone(tx, complaint, call.state.actions, call.language, call.state.part_sources)
        return shown(out, version=complaint.version)


@room.reads("/v1/complaints/{complaint_id}/timeline", TimelineOut, may="complaints.complaint.read")
async def read_timeline(complaint_id: UUID, call: Reads) -> Response:
    """What happened to the complaint, in the order in which it happened."""
    async with call.db.transaction(call.actor) as tx:
        complaint = await tx.find(Complaint, complaint_id)
        return shown(TimelineOut(items=await shapes.timeline(tx, complaint)))
