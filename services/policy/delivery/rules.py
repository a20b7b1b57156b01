"""What is delivered, in which order, and what proves it. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum

from shared.clock import legal_day
from shared.errors import Fault, OccurredInFuture, Refused, StateConflict, Text, ValidationFailed


class Item(StrEnum):
    POLICY = "policy"
    ENDORSEMENT = "endorsement"
    REFUND = "refund"
    RECEIPT = "receipt"
    INVOICE = "invoice"


class Method(StrEnum):
    COURIER = "courier"
    POST = "post"
    IN_PERSON = "in_person"
    ELECTRONIC = "electronic"


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    RECEIVED = "received"
    RETURNED = "returned"
    RESENT = "resent"


class Relation(StrEnum):
    """Who signed the receipt, seen from the policyholder."""

    POLICYHOLDER = "policyholder"
    INSURED = "insured"
    EMPLOYEE = "employee"
    FAMILY = "family"
    AUTHORISED = "authorised"
    SALESPERSON = "salesperson"


class CountedBy(StrEnum):
    """What proves the receipt: a signature, that it was opened, or that days have passed since it was sent."""

    SIGNED = "signed"
    OPENED = "opened"
    DAYS_PASSED = "days_passed"


_S = DeliveryStatus

NEXT: dict[DeliveryStatus, frozenset[DeliveryStatus]] = {
    _S.PENDING: frozenset({_S.SENT}),
    _S.SENT: frozenset({_S.RECEIVED, _S.RETURNED}),
    _S.RETURNED: frozenset({_S.RESENT}),
    _S.RESENT: frozenset({_S.RECEIVED, _S.RETURNED}),
    _S.RECEIVED: frozenset(),
}
UNDER_WAY = frozenset({_S.SENT, _S.RESENT})


def advance(current: DeliveryStatus, to: DeliveryStatus) -> DeliveryStatus:
    """`to`, if a delivery may go there; otherwise `StateConflict` (409) with the legal moves."""
    if to not in NEXT[current]:
        raise StateConflict(current_state=str(current), legal_moves=[str(one) for one in _S if one in NEXT[current]])
    return to


def sent(current: DeliveryStatus) -> DeliveryStatus:
    """The state after it was sent: again, where it had come back."""
    return advance(current, _S.RESENT if current is _S.RETURNED else _S.SENT)


class ReceiptBeforeIssue(Refused):
    """Member: `issued_on`."""

    code = "receipt_before_issue"
    title = Text("回执日期早于签发日期", "The receipt lies before the issue")
    detail = Text(
        "该单证于 {issued_on} 签发，回执不能早于该日。", "It was issued on {issued_on}; no receipt is earlier."
    )


class ReceiptBySalesperson(Refused):
    code = "receipt_by_salesperson"
    title = Text("销售人员不能代签回执", "A salesperson does not sign the receipt")
    detail = Text("回执须由客户一方签收，销售人员不能代签。", "The customer's side signs, never a salesperson.")


class ReceiptDocumentMissing(Refused):
    code = "receipt_document_missing"
    title = Text("缺少送达回执", "The signed receipt is missing")
    detail = Text("签收须附送达回执文件。", "A signature is proved by the file of the receipt.")


def check_receipt(
    at: datetime, now: datetime, *, issued_on: date, sent_at: datetime | None, relation: Relation, proved: bool,
    electronic: bool, by_staff: bool,
) -> CountedBy:  # fmt: skip
    """What the receipt counts by. An electronic document counts when it is opened, and needs no signed paper.

    Refuses (422) a moment to come, before the issue or before the sending, a salesperson's or any staff's signature,
    and a signature without its paper.
    """
    if at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/received_at"))
    if legal_day(at) < issued_on:
        fault = Fault(ReceiptBeforeIssue.code, ReceiptBeforeIssue.detail, pointer="#/received_at")
        raise ReceiptBeforeIssue(fault, issued_on=issued_on.isoformat())
    if sent_at is not None and at < sent_at.replace(microsecond=0):
        words = Text("签收时间早于寄送时间。", "It was received before it was sent.")
        raise ValidationFailed(Fault("received_before_sent", words, pointer="#/received_at"))
    if relation is Relation.SALESPERSON or by_staff:
        raise ReceiptBySalesperson()
    if electronic:
        return CountedBy.OPENED
    if not proved:
        raise ReceiptDocumentMissing()
    return CountedBy.SIGNED


def check_return(at: datetime, now: datetime, sent_at: datetime | None) -> None:
    """Refuse (422) mail that came back in the future or before it was sent."""
    if at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/returned_at"))
    if sent_at is not None and at < sent_at.replace(microsecond=0):
        words = Text("退回时间早于寄送时间。", "It came back before it was sent.")
        raise ValidationFailed(Fault("returned_before_sent", words, pointer="#/returned_at"))


def check_way(method: Method, tracking: str | None, electronic_id: str | None) -> None:
    """Refuse (422) a parcel without its number, and an electronic document without its own."""
    if method in (Method.COURIER, Method.POST) and not tracking:
        words = Text("邮寄须填写单号。", "What is posted has a number.")
        raise ValidationFailed(Fault("tracking_required", words, pointer="#/tracking"))
    if method is Method.ELECTRONIC and not electronic_id:
        words = Text("电子送达须填写文件标识。", "What is sent electronically names its document.")
        raise ValidationFailed(Fault("electronic_id_required", words, pointer="#/electronic_id"))


def days_taken(issued_on: date, received_at: datetime) -> int:
    """Days from the issue to the receipt, none where both are on one day."""
    return (legal_day(received_at) - issued_on).days


def counts_from(sent_at: datetime, days: int) -> datetime:
    """When an unopened electronic document counts as received."""
    return sent_at + timedelta(days=days)
