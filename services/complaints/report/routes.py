"""Reports of a month over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.complaints.report import handlers
from services.complaints.report.schemas import RequestReport
from shared.downloads import disposition
from shared.jobs import JobOut
from shared.routing import Creates, Reads, Room, sent

room = Room(tags=["complaints"])
PATH = "/v1/complaints/statistics/reports"


@room.posts(PATH, JobOut, may="complaints.export.request", status=202)
async def request_complaint_report(command: RequestReport, call: Creates) -> Response:
    """Ask for the report of a month as a page with charts; the job's result names it."""
    async with call.db.transaction(call.actor, call.key) as tx:
        return sent(await handlers.request_report(tx, command))


@room.reads(f"{PATH}/{{report_id}}", None, may="complaints.export.request")
async def print_complaint_report(report_id: UUID, call: Reads) -> Response:
    """The page (PDF)."""
    async with call.db.transaction(call.actor) as tx:
        page = await handlers.page_of(tx, report_id)
    headers = {
        "Content-Disposition": disposition(f"投诉月报-{report_id}.pdf"), "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }  # fmt: skip
    return Response(page, 200, headers, media_type="application/pdf")
