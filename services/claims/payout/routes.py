"""Acts on payments over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.payment.schemas import (
    AcceptPayment,
    ConfirmPayment,
    FailPayment,
    PaymentFactOut,
    ResubmitPayment,
)
from services.claims.payout import handlers
from shared.routing import Changes, Room, sent

room = Room(tags=["payments"])


@room.posts("/v1/payments/{payment_id}/acceptances", PaymentFactOut, may="claims.payment.accept")
async def accept_payment(payment_id: UUID, _command: AcceptPayment, call: Changes) -> Response:
    """The payment was taken over."""
    return sent(await handlers.accept_payment(call.db, call.actor, call.key, payment_id, call.version))


@room.posts("/v1/payments/{payment_id}/confirmations", PaymentFactOut, may="claims.payment.confirm")
async def confirm_payment(payment_id: UUID, command: ConfirmPayment, call: Changes) -> Response:
    """It was paid, with the bank's reference."""
    return sent(await handlers.confirm_payment(call.db, call.actor, call.key, payment_id, call.version, command))


@room.posts("/v1/payments/{payment_id}/failures", PaymentFactOut, may="claims.payment.fail")
async def fail_payment(payment_id: UUID, command: FailPayment, call: Changes) -> Response:
    """It failed, or the bank returned it."""
    return sent(await handlers.fail_payment(call.db, call.actor, call.key, payment_id, call.version, command))


@room.posts("/v1/payments/{payment_id}/resubmissions", PaymentFactOut, may="claims.payment.resubmit", step_up=True)
async def resubmit_payment(payment_id: UUID, command: ResubmitPayment, call: Changes) -> Response:
    """Send it again, to the same account or to another one of the same payee."""
    known = (call.db, call.actor, call.key, payment_id, call.version)
    return sent(await handlers.resubmit_payment(*known, command, call.state))
