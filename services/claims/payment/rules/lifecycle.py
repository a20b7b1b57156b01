"""The life of one payment: ordered, accepted by the cashier, paid or failed, sent again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from services.claims.claim.rules import ClaimStatus, Duty, Held, acting, advance, refuse_if_held, refuse_to_take
from shared.actor import Actor
from shared.errors import (
    Conflict,
    Fault,
    OccurredInFuture,
    ReasonRequired,
    SeparationOfDuties,
    StateConflict,
    Text,
    ValidationFailed,
)
from shared.money import ZERO

CLOSED = frozenset({ClaimStatus.CLOSED, ClaimStatus.ARCHIVED})


class PaymentStatus(StrEnum):
    ORDERED = "ordered"
    ACCEPTED = "accepted"
    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"


_P = PaymentStatus

NEXT: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    _P.ORDERED: frozenset({_P.ACCEPTED, _P.PAID, _P.FAILED}),
    _P.ACCEPTED: frozenset({_P.PAID, _P.FAILED}),
    # A bank may send money back days after it confirmed it.
    _P.PAID: frozenset({_P.RETURNED}),
    _P.FAILED: frozenset({_P.ORDERED}),
    _P.RETURNED: frozenset({_P.ORDERED}),
}

LIVE: frozenset[PaymentStatus] = frozenset({_P.ORDERED, _P.ACCEPTED, _P.PAID})
"""Payments that count against the payable amount."""


def advance_payment(current: PaymentStatus, to: PaymentStatus) -> PaymentStatus:
    """`to`, if a payment may go there; otherwise `StateConflict` (409)."""
    if to not in NEXT[current]:
        moves = [str(status) for status in PaymentStatus if status in NEXT[current]]
        raise StateConflict(current_state=str(current), legal_moves=moves)
    return to


class PayeeOfClosedClaim(Conflict):
    code = "payee_of_closed_claim"
    title = Text("已结案件不得更改收款人", "The payee of a closed claim")
    detail = Text(
        "已结案件须先重开，方可更改收款账户。", "The payee of a closed claim changes only after it was reopened."
    )


def refuse_cashier(duties: Iterable[Held], person_id: UUID) -> None:
    """Refuse (403) a cashier who adjusted or approved this claim."""
    refuse_if_held(duties, person_id, taking=Duty.CASHIER)


def may_handle(
    actor: Actor, current: PaymentStatus, to: PaymentStatus, duties: Iterable[Held], interested: Collection[UUID]
) -> PaymentStatus:
    """The next state of a payment, moved by this caller.

    Refused (403) to whoever adjusted or approved the claim or stands behind the account, also through a delegation;
    a move that the payment's life does not have (409).
    """
    refuse_to_take(duties, actor, Duty.CASHIER)
    if acting(actor) & set(interested):
        raise SeparationOfDuties(conflicting_duty="interested_party", taking=str(Duty.CASHIER))
    return advance_payment(current, to)


def refuse_new_payee(claim: ClaimStatus) -> None:
    """Refuse (409) another account on a closed claim: that is what a reopening is for."""
    if claim in CLOSED:
        raise PayeeOfClosedClaim()


def fail(reason_code: str, at: datetime, *, sent_at: datetime, now: datetime) -> None:
    """Refuse (422) a failure in the future, before the payment was sent, or without its reason code."""
    if at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/at"))
    if not reason_code.strip():
        raise ReasonRequired(Fault(ReasonRequired.code, ReasonRequired.detail, pointer="#/reason_code"))
    if at < sent_at:
        text = Text("时间早于付款指令。", "This lies before the order of the payment.")
        raise ValidationFailed(Fault("failed_before_order", text, pointer="#/at"))


def confirm(
    current: PaymentStatus, paid_at: datetime, reference: str, *, ordered_at: datetime, now: datetime
) -> PaymentStatus:
    """The state of a confirmed payment; refuses a time in the future or before the order and a missing reference."""
    status = advance_payment(current, PaymentStatus.PAID)
    if paid_at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/paid_at"))
    faults = []
    if paid_at < ordered_at:
        text = Text("付款时间早于付款指令。", "The payment lies before its order.")
        faults.append(Fault("paid_before_order", text, pointer="#/paid_at"))
    if not reference.strip():
        text = Text("须填写银行流水号。", "The bank's reference is needed.")
        faults.append(Fault("reference_required", text, pointer="#/reference"))
    if faults:
        raise ValidationFailed(*faults)
    return status


def after_confirmation(current: ClaimStatus, payable: Decimal, paid: Collection[Decimal]) -> ClaimStatus:
    """`paid` once the confirmed amounts reach `payable` (yuan), otherwise the present state."""
    if current is ClaimStatus.PAYING and sum(paid, ZERO) >= payable:
        return advance(current, ClaimStatus.PAID)
    return current
