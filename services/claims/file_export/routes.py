"""Archives of files over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response, StreamingResponse

from services.claims.claim.tables import Claim
from services.claims.file_export import handlers, queries, shapes
from services.claims.file_export.schemas import ExportOut, RequestExport
from shared.attachment_links import check_link
from shared.downloads import disposition
from shared.jobs import JobOut
from shared.routing import Creates, Reads, Room, sent, shown

room = Room(tags=["claims"])

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
}


@room.posts("/v1/claims/{claim_id}/file/exports", JobOut, may="claims.export.request", status=202)
async def request_export(claim_id: UUID, command: RequestExport, call: Creates) -> Response:
    """Ask for the whole file as one archive with a manifest of hashes; the job's result names it."""
    known = (call.db, call.actor, call.key, claim_id)
    return sent(await handlers.request_export(*known, command, call.state))


@room.reads("/v1/claims/{claim_id}/file/exports/{export_id}", ExportOut, may="claims.export.request")
async def read_export(claim_id: UUID, export_id: UUID, call: Reads) -> Response:
    """What one archive holds, with a link to its content for the caller alone."""
    async with call.db.transaction(call.actor) as tx:
        claim = await tx.find(Claim, claim_id)
        row = await queries.export_of(tx, claim.id, export_id)
        return shown(shapes.export(tx, row, claim, call.state.secret), version=claim.version)


@room.reads("/v1/claims/{claim_id}/file/exports/{export_id}/content", None, may="claims.export.request")
async def read_export_content(
    claim_id: UUID, export_id: UUID, token: Annotated[str, Query(max_length=200)], call: Reads
) -> Response:
    """The archive as a ZIP file."""
    async with call.db.transaction(call.actor) as tx:
        claim = await tx.find(Claim, claim_id)
        row = await queries.export_of(tx, claim.id, export_id)
        check_link(call.state.secret, call.actor.person_id, export_id, token, tx.now)
        file = await handlers.present_file(tx, claim)
    headers = {**_HEADERS, "Content-Disposition": disposition(f"{file.volume_no}.zip")}
    content = shapes.archive(row.entries, call.state.settings.attachments_dir / call.db.service)
    return StreamingResponse(content, 200, headers, "application/zip")
