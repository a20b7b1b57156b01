"""Renewals over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.policy.renewal import handlers, queries, schemas
from services.policy.renewal.tables import Renewal
from shared import directory
from shared.actions import judged
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["renewals"])


@room.reads("/v1/renewals", Page[schemas.RenewalItem], may="policy.renewal.read", free_query=True)
async def list_renewals(request: Request, call: Reads) -> Response:
    """Policies that come to their end, in the caller's scope."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.RENEWALS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.RENEWALS, asked, call.state.secret)
        items = [schemas.RenewalItem.model_validate(row) for row in rows]
        return shown(shaped(items, cursor, total), fields=asked.fields)


@room.reads("/v1/renewals/{renewal_id}", schemas.RenewalOut, may="policy.renewal.read")
async def read_renewal(renewal_id: UUID, call: Reads) -> Response:
    """One renewal: the reminders given, and what stands against it."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(Renewal, renewal_id)
        actions = judged(handlers.ACTIONS, call.actor, await queries.facts_of(tx, row), row.id, call.language)
        held = schemas.RenewalItem.model_validate(row).model_dump()
        return shown(schemas.RenewalOut(**held, available_actions=actions), version=row.version)


@room.posts("/v1/renewals/{renewal_id}/decisions", schemas.RenewalFactOut, may="policy.renewal.decide")
async def decide_renewal(renewal_id: UUID, command: schemas.DecideRenewal, call: Changes) -> Response:
    """Decide a renewal that was referred up; the present cover runs to its end either way."""
    return sent(await handlers.decide(call.db, call.actor, call.key, renewal_id, call.version, command))
