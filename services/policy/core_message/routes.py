"""Messages to the core over HTTP."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from services.policy.core_message import handlers, queries
from services.policy.core_message.schemas import Acknowledge, CoreMessageOut
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Creates, Reads, Room, sent, shown

room = Room(tags=["core"])


@room.posts("/v1/core/acknowledgements", CoreMessageOut, may="policy.core.acknowledge", status=200)
async def acknowledge_core_message(command: Acknowledge, call: Creates) -> Response:
    """Say whether a message was accepted or refused; the same answer twice is one."""
    return sent(await handlers.acknowledge(call.db, call.actor, call.key, command))


@room.reads("/v1/core/messages", Page[CoreMessageOut], may="policy.reconciliation.read", free_query=True)
async def list_core_messages(request: Request, call: Reads) -> Response:
    """Messages that the core answers, each with its answer."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.MESSAGES, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.MESSAGES, asked, call.state.secret)
        items = [CoreMessageOut.model_validate(row) for row in rows]
        return shown(shaped(items, cursor, total), fields=asked.fields)
