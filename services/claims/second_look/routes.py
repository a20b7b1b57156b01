"""Second looks over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.claims.second_look import handlers, queries, shapes
from services.claims.second_look.schemas import QualityCheckItem, QualityCheckOut, RecordResult, ResultOut
from services.claims.second_look.tables import QualityCheck
from shared import directory
from shared.actions import judged
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["quality_check"])


@room.reads("/v1/quality-checks", Page[QualityCheckItem], may="claims.quality_check.read", free_query=True)
async def list_quality_checks(request: Request, call: Reads) -> Response:
    """Second looks of the caller's units, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.CHECKS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.CHECKS, asked, call.state.secret)
        return shown(shaped(await shapes.items(tx, rows), cursor, total), fields=asked.fields)


@room.reads("/v1/quality-checks/{check_id}", QualityCheckOut, may="claims.quality_check.read")
async def read_quality_check(check_id: UUID, call: Reads) -> Response:
    """One second look, the claims it is about, and what the caller may do."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(QualityCheck, check_id)
        facts = await handlers.facts_of(tx, row, call.state)
        actions = judged(handlers.ACTIONS, call.actor, facts, row.id, call.language)
        return shown(await shapes.alone(tx, row, actions), version=row.version)


@room.posts("/v1/quality-checks/{check_id}/results", ResultOut, may="claims.quality_check.record")
async def record_result(check_id: UUID, command: RecordResult, call: Changes) -> Response:
    """Say what the second look found."""
    known = (call.db, call.actor, call.key, check_id, call.version)
    return sent(await handlers.record_result(*known, command, call.state))
