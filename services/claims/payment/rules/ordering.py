"""Ordering a payment: to whom, how much, after which decision.

保险法 art. 65: an insured who has not yet paid the third party is not paid; the third party may be paid directly. Under
personal accident the money goes to the beneficiaries, the insured person or the heirs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from services.claims.claim.rules import (
    BEFORE_DECISION,
    ClaimStatus,
    Duty,
    Held,
    Line,
    acting,
    advance,
    refuse_to_take,
)
from shared.actor import Actor
from shared.errors import Conflict, Fault, Refused, SeparationOfDuties, Text, ValidationFailed
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


class ProofRequired(Refused):
    """Members: `payee_kind`, `proof_kind`."""

    code = "proof_required"
    title = Text("须有领款资格证明", "The payee's right must be proven")
    detail = Text(
        "向 {payee_kind} 付款须有 {proof_kind} 证明。", "Paying {payee_kind} needs a proof of the kind {proof_kind}."
    )


class ApprovedBasisChanged(Conflict):
    """Member: `changed`: what is no longer as it was when the claim was approved."""

    code = "approved_basis_changed"
    title = Text("与核赔内容不一致", "Not what was approved")
    detail = Text(
        "付款依据与核赔时不一致({changed})，不得付款。",
        "What would be paid is not what was approved ({changed}); nothing is paid.",
    )


class PayeeOfStaff(Conflict):
    """The account is that of staff or of a relative they declared, and the claim was not approved as such."""

    code = "payee_of_staff"
    title = Text("收款账户属于员工或其亲属", "The account is of staff or of a relative")
    detail = Text(
        "收款账户属于员工或其申报的亲属，本案未按此类案件提级审批，不得付款。",
        "The account is of staff or of a declared relative, and the claim was not approved one level up as such.",
    )


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


class ProofKind(StrEnum):
    THIRD_PARTY_PAID = "third_party_paid"
    SUCCESSION = "succession"
    GUARDIANSHIP = "guardianship"
    EXPENSE_BILL = "expense_bill"
    OTHER = "other"


PROOF_FOR: dict[PayeeKind, ProofKind] = {
    PayeeKind.HEIR: ProofKind.SUCCESSION,
    PayeeKind.GUARDIAN: ProofKind.GUARDIANSHIP,
}
"""Who stands for somebody else proves it. The insured's proof is a matter of art. 65, refused on its own (409)."""


def refuse_without_proof(kind: PayeeKind, proof: ProofKind | None) -> None:
    """Refuse (422) somebody who stands for the entitled person without the proof of it."""
    wanted = PROOF_FOR.get(kind)
    if wanted is not None and proof is not wanted:
        members = {"payee_kind": str(kind), "proof_kind": str(wanted)}
        raise ProofRequired(
            Fault(ProofRequired.code, ProofRequired.detail, pointer="#/proof", members=members), **members
        )


def may_order(current: ClaimStatus, duties: Iterable[Held], actor: Actor, payable: Decimal, ordered: Decimal) -> None:
    """Whether this caller may order a payment of this claim at all.

    The order is the adjuster's work: refused (403) to whoever surveyed, approved or pays out the claim; before the
    decision and before the agreement (409), and once everything is ordered (409).
    """
    refuse_to_take(duties, actor, Duty.ADJUSTER)
    _status_for_payment(current)
    if ordered >= payable:
        raise AlreadyPaid(ordered=ordered, payable=payable)


def refuse_staff_payee(
    staff: Collection[UUID], actor: Actor, duties: Iterable[Held], *, approved_as_staff: bool, taking: Duty
) -> None:
    """Refuse an account behind which stand `staff`.

    Of the caller or of whoever handled the claim: 403. Of other staff: 409, unless the claim was approved as one of
    staff or relatives, one level up.
    """
    handlers = {one.person_id for one in duties if one.duty in (Duty.SURVEYOR, Duty.ADJUSTER, Duty.APPROVER)}
    if set(staff) & (acting(actor) | handlers):
        raise SeparationOfDuties(conflicting_duty="interested_party", taking=str(taking))
    if staff and not approved_as_staff:
        raise PayeeOfStaff()


def order_payment(current: ClaimStatus, payee: Payee, amount: Decimal, standing: Standing) -> ClaimStatus:
    """The state after ordering a payment of `amount` yuan to `payee`.

    Refused: before the decision and before agreement (409), a payee who is not entitled (409), an insured without
    proof (409, art. 65), wrong or missing payee data (422), more than is payable (422) or is left (409).
    """
    status = _status_for_payment(current)
    check_payee(payee, amount)
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


def check_payee(payee: Payee, amount: Decimal) -> None:
    """Refuse (422) missing or malformed payee data, an amount of zero, and an account in another name."""
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
    if payee.account_holder is not None and plain(payee.account_holder) != plain(payee.name):
        raise AccountNameMismatch(
            Fault(AccountNameMismatch.code, AccountNameMismatch.detail, pointer="#/payee/account")
        )


def _is_account(account: str) -> bool:
    number = account.replace(" ", "").replace("-", "")
    return 6 <= len(number) <= 34 and number.isascii() and number.isalnum()


def plain(name: str) -> str:
    """A name as it is compared."""
    return "".join(name.replace("·", "").split()).casefold()


def _check_entitled(payee: Payee, standing: Standing) -> None:
    named = not standing.names or plain(payee.name) in {plain(name) for name in standing.names}
    if payee.kind not in ENTITLED[standing.line] or not named:
        raise PayeeNotEntitled(payee_kind=str(payee.kind))
    if payee.kind is PayeeKind.INSURED and not standing.third_party_paid:
        raise ThirdPartyNotPaid()
