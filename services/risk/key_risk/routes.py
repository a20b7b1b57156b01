"""Risk control files over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.risk.key_risk import handlers, queries, shapes
from services.risk.key_risk.schemas import CloseFile, FileFactOut, FileItem, FileOut, ReviewFile
from services.risk.key_risk.tables import KeyRiskFile
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["key-risk-files"])


@room.reads("/v1/key-risk-files", Page[FileItem], may="risk.key_risk_file.read", free_query=True)
async def list_files(request: Request, call: Reads) -> Response:
    """Risk control files in the caller's scope."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.FILES, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.FILES, asked, call.state.secret)
        return shown(shaped([FileItem.model_validate(row) for row in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/key-risk-files/{file_id}", FileOut, may="risk.key_risk_file.read")
async def read_file(file_id: UUID, call: Reads) -> Response:
    """One file with the customer's cover, sites, visits, hazards, claims and talks."""
    async with call.db.transaction(call.actor) as tx:
        file = await tx.find(KeyRiskFile, file_id)
        return shown(await shapes.alone(tx, file, call.language), version=file.version)


@room.posts("/v1/key-risk-files/{file_id}/reviews", FileFactOut, may="risk.key_risk_file.review")
async def review_file(file_id: UUID, command: ReviewFile, call: Changes) -> Response:
    """Look a file through; from then on it is active."""
    return sent(await handlers.review_file(call.db, call.actor, call.key, file_id, call.version, command))


@room.posts("/v1/key-risk-files/{file_id}/closures", FileFactOut, may="risk.key_risk_file.close")
async def close_file(file_id: UUID, command: CloseFile, call: Changes) -> Response:
    """Close a file once no criterion holds."""
    return sent(await handlers.close_file(call.db, call.actor, call.key, file_id, call.version, command))
