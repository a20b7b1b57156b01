"""Payment orders over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.policy.payment_order import handlers, queries, schemas, shapes
from services.policy.payment_order.tables import PaymentOrder
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["payment orders"])


@room.reads("/v1/payment-orders", Page[schemas.OrderItem], may="policy.payment_order.read", free_query=True)
async def list_payment_orders(request: Request, call: Reads) -> Response:
    """Payment orders in the caller's scope, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.ORDERS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.ORDERS, asked, call.state.secret)
        return shown(shaped([shapes.item(row) for row in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/payment-orders/{order_id}", schemas.OrderOut, may="policy.payment_order.read")
async def read_payment_order(order_id: UUID, call: Reads) -> Response:
    """One order with how its amount came about; the core system reads the payee of one that it has to pay."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(PaymentOrder, order_id)
        return shown(shapes.alone(tx, row, handlers.ACTIONS, call.language), version=row.version)


@room.posts("/v1/payment-orders/{order_id}/confirmations", schemas.OrderFactOut, may="policy.payment_order.confirm")
async def confirm_payment_order(order_id: UUID, command: schemas.ConfirmOrder, call: Changes) -> Response:
    """It was collected or paid; repeated under the same reference it is the same."""
    known = (call.db, call.actor, call.key, order_id, call.version)
    return sent(await handlers.confirm(*known, command, call.state))


@room.posts("/v1/payment-orders/{order_id}/failures", schemas.OrderFactOut, may="policy.payment_order.fail")
async def fail_payment_order(order_id: UUID, command: schemas.FailOrder, call: Changes) -> Response:
    """It could not be collected or paid."""
    return sent(await handlers.fail(call.db, call.actor, call.key, order_id, call.version, command))


@room.posts("/v1/payment-orders/{order_id}/resubmissions", schemas.OrderFactOut, may="policy.payment_order.resubmit")
async def resubmit_payment_order(order_id: UUID, command: schemas.ResubmitOrder, call: Changes) -> Response:
    """Send a failed order again, a refund to another account of the policyholder if need be."""
    known = (call.db, call.actor, call.key, order_id, call.version)
    return sent(await handlers.resubmit(*known, command, call.state))
