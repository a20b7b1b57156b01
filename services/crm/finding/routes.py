"""Findings over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.crm.finding import handlers, queries, shapes
from services.crm.finding.schemas import FindingItem, FindingOut, FollowUpFactOut, FollowUpFinding
from services.crm.visit.tables import Finding
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["findings"])


@room.reads("/v1/findings", Page[FindingItem], may="crm.finding.read", free_query=True)
async def list_findings(request: Request, call: Reads) -> Response:
    """Findings in the caller's scope, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.FINDINGS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.FINDINGS, asked, call.state.secret)
        return shown(shaped(await shapes.items(tx, rows), cursor, total), fields=asked.fields)


@room.reads("/v1/findings/{finding_id}", FindingOut, may="crm.finding.read")
async def read_finding(finding_id: UUID, call: Reads) -> Response:
    """One finding with what was done about it."""
    async with call.db.transaction(call.actor) as tx:
        finding = await tx.find(Finding, finding_id)
        out = await shapes.alone(tx, finding, call.state.finding_actions, call.language)
        return shown(out, version=finding.version)


@room.posts("/v1/findings/{finding_id}/follow-ups", FollowUpFactOut, may="crm.finding.follow_up")
async def follow_up_finding(finding_id: UUID, command: FollowUpFinding, call: Changes) -> Response:
    """One step about a finding; `fixed` ends it."""
    return sent(await handlers.follow_up(call.db, call.actor, call.key, finding_id, call.version, command))
