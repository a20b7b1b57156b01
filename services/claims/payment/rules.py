"""Payments: to whom, how much, when, and by whom.

保险法 art. 65: an insured who has not yet paid the third party is not paid; the third party may be paid directly. Under
personal accident the money goes to the beneficiaries, the insured person or the heirs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from services.claims.claim.rules import BEFORE_DECISION, ClaimStatus, Duty, Held, Line, advance, refuse_if_held
from shared.errors import Conflict, Fault, OccurredInFuture, Refused, StateConflict, Text, ValidationFailed
from shared.money import ZERO


class PayeeKind(StrEnum):
    INSURED = "insured"
    THIRD_PARTY = "third_party"
    EXPENSE_CREDITOR = "expense_creditor"
    INSURED_PERSON = "insured_person"
    BENEFICIARY = "beneficiary"
    HEIR = "heir"
    GUARDIAN = "guardian"


ENTITLED: dict[Line, frozenset[PayeeKind]] = {
    Line.LIABILITY: frozenset(
        {
            PayeeKind.INSURED,
            PayeeKind.THIRD_PARTY,
            PayeeKind.EXPENSE_CREDITOR,
            PayeeKind.HEIR,
            PayeeKind.GUARDIAN,
        }
    ),
    Line.ACCIDENT: frozenset({PayeeKind.INSURED_PERSON, PayeeKind.BENEFICIARY, PayeeKind.HEIR, PayeeKind.GUARDIAN}),
}
"""Who can be a payee at all; heirs and guardians stand for a third party or an insured person."""


@dataclass(frozen=True)
class Payee:
    """The payee of one payment; `account_holder` is the name the account is in, where the bank data state it."""

    kind: PayeeKind
    name: str
    account: str
    relation: str
    account_holder: str | None = None


@dataclass(frozen=True)
class Standing:
    """What is stored about the money of a claim (yuan).

    `payable`: the sheet's payable amount; `ordered`: payments ordered and not failed or returned; `share`: what this
    payee can get at most, where the sheet splits by claimant; `ordered_to_payee`: what of that share is ordered;
    `names`: the persons entitled in this kind, empty where nobody is listed; `third_party_paid`: proof is on file that
    the insured has paid the third party.
    """

    line: Line
    payable: Decimal
    ordered: Decimal = ZERO
    share: Decimal | None = None
    ordered_to_payee: Decimal = ZERO
    names: frozenset[str] = frozenset()
    third_party_paid: bool = False


class PaymentBeforeApproval(Conflict):
    """Member: `current_state`."""

    code = "payment_before_approval"
    title = Text("尚未核赔，不得付款", "Not approved yet")
    detail = Text(
        "赔案状态为 {current_state}，核赔前不得付款。", "The claim is {current_state}; nothing is paid before approval."
    )


class PayeeNotEntitled(Conflict):
    """Member: `payee_kind`."""

    code = "payee_not_entitled"
    title = Text("收款人无权领取", "The payee is not entitled")
    detail = Text("{payee_kind} 不是本案的受款人。", "{payee_kind} is not entitled on this claim.")


class ThirdPartyNotPaid(Conflict):
    code = "third_party_not_paid"
    title = Text("被保险人尚未向第三者赔偿", "The third party has not been paid")
    detail = Text(
        "被保险人未向第三者赔偿的，不得向其支付保险金(保险法第六十五条)。",
        "An insured who has not paid the third party may not be paid (保险法 art. 65).",
    )


class PayableExceeded(Refused):
    """Members: `amount`, `payable` (yuan)."""

    code = "payable_exceeded"
    title = Text("超出应付金额", "More than is payable")
    detail = Text("金额 {amount} 元超出应付 {payable} 元。", "{amount} is more than the {payable} that is payable.")


class AlreadyPaid(Conflict):
    """Members: `ordered`, `payable` (yuan): the payment would pay twice."""

    code = "already_paid"
    title = Text("重复付款", "Paid already")
    detail = Text(
        "应付 {payable} 元中已指令支付 {ordered} 元，余额不足。",
        "{ordered} of the payable {payable} is ordered already; too little is left.",
    )


class AccountNameMismatch(Refused):
    code = "account_name_mismatch"
    title = Text("户名与收款人不符", "The account is in another name")
    detail = Text("账户户名须与收款人姓名一致。", "The account must be in the name of the payee.")


def order_payment(current: ClaimStatus, payee: Payee, amount: Decimal, standing: Standing) -> ClaimStatus:
    """The state after ordering a payment of `amount` yuan to `payee`.

    Refused: before the decision and before agreement (409), a payee who is not entitled (409), an insured without
    proof (409, art. 65), wrong or missing payee data (422), more than is payable (422) or is left (409).
    """
    status = _status_for_payment(current)
    _check_payee_data(payee, amount)
    _check_entitled(payee, standing)
    payable = standing.payable if standing.share is None else min(standing.payable, standing.share)
    if amount > payable:
        raise PayableExceeded(amount=amount, payable=payable)
    if standing.ordered + amount > standing.payable:
        raise AlreadyPaid(ordered=standing.ordered, payable=standing.payable)
    if standing.share is not None and standing.ordered_to_payee + amount > standing.share:
        raise AlreadyPaid(ordered=standing.ordered_to_payee, payable=standing.share)
    return status


def _status_for_payment(current: ClaimStatus) -> ClaimStatus:
    if current in BEFORE_DECISION:
        raise PaymentBeforeApproval(current_state=str(current))
    return current if current is ClaimStatus.PAYING else advance(current, ClaimStatus.PAYING)


def _check_payee_data(payee: Payee, amount: Decimal) -> None:
    fields = {"payee/name": payee.name, "payee/account": payee.account, "relation": payee.relation}
    faults = [
        Fault("payee_data_required", Text("须填写。", "This is needed."), pointer=f"#/{name}")
        for name, value in fields.items()
        if not value.strip()
    ]
    if payee.account.strip() and not _is_account(payee.account):
        text = Text("账号须为 6 至 34 位字母或数字。", "An account has 6 to 34 letters or digits.")
        faults.append(Fault("account_format", text, pointer="#/payee/account"))
    if amount <= 0:
        text = Text("付款金额须大于零。", "A payment is more than zero.")
        faults.append(Fault("amount_not_positive", text, pointer="#/amount"))
    if faults:
        raise ValidationFailed(*faults)
    if payee.account_holder is not None and _plain(payee.account_holder) != _plain(payee.name):
        raise AccountNameMismatch(
            Fault(AccountNameMismatch.code, AccountNameMismatch.detail, pointer="#/payee/account")
        )


def _is_account(account: str) -> bool:
    number = account.replace(" ", "").replace("-", "")
    return 6 <= len(number) <= 34 and number.isascii() and number.isalnum()


def _plain(name: str) -> str:
    return "".join(name.replace("·", "").split()).casefold()


def _check_entitled(payee: Payee, standing: Standing) -> None:
    named = not standing.names or _plain(payee.name) in {_plain(name) for name in standing.names}
    if payee.kind not in ENTITLED[standing.line] or not named:
        raise PayeeNotEntitled(payee_kind=str(payee.kind))
    if payee.kind is PayeeKind.INSURED and not standing.third_party_paid:
        raise ThirdPartyNotPaid()


def refuse_cashier(duties: Iterable[Held], person_id: UUID) -> None:
    """Refuse (403) a cashier who adjusted or approved this claim."""
    refuse_if_held(duties, person_id, taking=Duty.CASHIER)


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
