"""Payments over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.claims.claim.tables import Claim
from services.claims.payment import handlers, queries, shapes
from services.claims.payment.schemas import OrderPayment, PaymentItem, PaymentOrderOut, PaymentOut
from services.claims.payment.tables import Payment
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["payments"])


@room.posts("/v1/claims/{claim_id}/payments", PaymentOrderOut, may="claims.payment.order")
async def order_payment(claim_id: UUID, command: OrderPayment, call: Changes) -> Response:
    """Order one payment of an agreed claim."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.order_payment(*known, command, call.state))


@room.reads("/v1/payments", Page[PaymentItem], may="claims.payment.read", free_query=True)
async def list_payments(request: Request, call: Reads) -> Response:
    """Payments in the caller's scope, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.PAYMENTS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.PAYMENTS, asked, call.state.secret)
        return shown(shaped(await shapes.items(tx, rows), cursor, total), fields=asked.fields)


@room.reads("/v1/payments/{payment_id}", PaymentOut, may="claims.payment.read")
async def read_payment(payment_id: UUID, call: Reads) -> Response:
    """One payment; the core system reads payee and account of one that it has to pay."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(Payment, payment_id)
        facts = await queries.facts_of(tx, row, await tx.find(Claim, row.claim_id))
        return shown(await shapes.alone(tx, facts, call.state.payment_actions, call.language), version=row.version)
