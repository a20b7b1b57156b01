"""Deliveries over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.policy.delivery import handlers, queries, shapes
from services.policy.delivery.schemas import DeliveryAlone, DeliveryOut, RecordDeliveryReceipt, RecordReturn, SendItem
from services.policy.delivery.tables import Delivery
from shared import directory
from shared.actions import judged
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Creates, Reads, Room, sent, shown

room = Room(tags=["deliveries"])


@room.reads("/v1/deliveries", Page[DeliveryOut], may="policy.delivery.read", free_query=True)
async def list_deliveries(request: Request, call: Reads) -> Response:
    """What is on its way to customers, or should be."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.DELIVERIES, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.DELIVERIES, asked, call.state.secret)
        return shown(shaped([shapes.delivery(row) for row in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/deliveries/{delivery_id}", DeliveryAlone, may="policy.delivery.read")
async def read_delivery(delivery_id: UUID, call: Reads) -> Response:
    """One delivery."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(Delivery, delivery_id)
        facts = await handlers.facts_of(tx, row)
        actions = judged(handlers.ACTIONS, call.actor, facts, row.id, call.language)
        return shown(DeliveryAlone(**shapes.members(row), available_actions=actions), version=row.version)


@room.posts("/v1/deliveries", DeliveryOut, may="policy.delivery.send")
async def send_delivery(command: SendItem, call: Creates) -> Response:
    """Send an item of a policy to the customer, for the first time or again."""
    return sent(await handlers.send_item(call.db, call.actor, call.key, command))


@room.posts("/v1/deliveries/{delivery_id}/receipts", DeliveryOut, may="policy.delivery.confirm")
async def record_delivery_receipt(delivery_id: UUID, command: RecordDeliveryReceipt, call: Changes) -> Response:
    """Write down who received it; an electronic document counts when it is opened."""
    known = (call.db, call.actor, call.key, delivery_id, call.version)
    return sent(await handlers.record_receipt(*known, command, call.state.digest_key))


@room.posts("/v1/deliveries/{delivery_id}/returns", DeliveryOut, may="policy.delivery.return")
async def record_delivery_return(delivery_id: UUID, command: RecordReturn, call: Changes) -> Response:
    """Write down that it came back."""
    known = (call.db, call.actor, call.key, delivery_id, call.version)
    return sent(await handlers.record_return(*known, command))
