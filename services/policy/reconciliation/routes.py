"""The comparison with the core over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import AwareDatetime
from starlette.responses import Response

from services.policy.core.tables import ReconciliationItem
from services.policy.reconciliation import handlers, queries, shapes
from services.policy.reconciliation.schemas import ReconciliationItemAlone, ReconciliationItemOut, ResolveItem
from shared import directory
from shared.actions import judged
from shared.jobs import JobOut
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Creates, Reads, Room, sent, shown

room = Room(tags=["core"])

AsOf = Annotated[date | None, Query(description="The day whose end is compared; today where it is left out.")]
Since = Annotated[AwareDatetime | None, Query(description="Only what changed since then is sent.")]


@room.posts(
    "/v1/core/reconciliations", JobOut, may="policy.core.reconcile", status=202, max_bytes=handlers.MAX_BYTES,
    timeout_s=300,
)  # fmt: skip
async def accept_comparison(
    request: Request, call: Creates, as_of: AsOf = None, changed_since: Since = None
) -> Response:
    """Status, premium and claims paid of every policy as the core has them, one JSON document a line."""
    known = (call.db, call.actor, call.key, request.stream())
    return sent(await handlers.accept_comparison(*known, as_of, changed_since))


@room.reads(
    "/v1/core/reconciliation-items", Page[ReconciliationItemOut], may="policy.reconciliation.read", free_query=True
)
async def list_reconciliation_items(request: Request, call: Reads) -> Response:
    """Differences between here and the core, open and resolved."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.ITEMS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.ITEMS, asked, call.state.secret)
        return shown(shaped([shapes.item(row, tx.now) for row in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/core/reconciliation-items/{item_id}", ReconciliationItemAlone, may="policy.reconciliation.read")
async def read_reconciliation_item(item_id: UUID, call: Reads) -> Response:
    """One difference."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(ReconciliationItem, item_id)
        facts = await handlers.facts_of(tx, row)
        actions = judged(handlers.ACTIONS, call.actor, facts, row.id, call.language)
        out = ReconciliationItemAlone(**shapes.members(row, tx.now), available_actions=actions)
        return shown(out, version=row.version)


@room.posts(
    "/v1/core/reconciliation-items/{item_id}/resolutions", ReconciliationItemOut, may="policy.reconciliation.resolve"
)
async def resolve_reconciliation_item(item_id: UUID, command: ResolveItem, call: Changes) -> Response:
    """Say what was done about a difference; `resend` sends this side's word once more."""
    known = (call.db, call.actor, call.key, item_id, call.version)
    return sent(await handlers.resolve_item(*known, command))
