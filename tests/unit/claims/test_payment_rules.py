"""Who is paid, how much, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from services.claims.claim.rules import BEFORE_DECISION, ClaimStatus, Duty, Held, Line
from services.claims.payment import rules
from services.claims.payment.rules import Payee, PayeeKind, PaymentStatus, Standing
from shared.clock import SHANGHAI
from shared.errors import OccurredInFuture, SeparationOfDuties, StateConflict, ValidationFailed

NOW = datetime(2026, 4, 23, 10, tzinfo=SHANGHAI)
AMOUNT = Decimal("3268.00")
PERSON = Payee(PayeeKind.INSURED_PERSON, "欧阳岚", "6222 0000 1111 2222", "self")
ACCIDENT = Standing(Line.ACCIDENT, AMOUNT)
INSURED = Payee(PayeeKind.INSURED, "岚海商贸", "3200123456789", "insured")
LIABILITY = Standing(Line.LIABILITY, AMOUNT)


def order(payee=PERSON, amount=AMOUNT, standing=ACCIDENT, current=ClaimStatus.AGREED):
    return rules.order_payment(current, payee, amount, standing)


def test_an_agreed_claim_is_paid():
    assert order() is ClaimStatus.PAYING


@pytest.mark.parametrize("status", sorted(BEFORE_DECISION))
def test_nothing_is_paid_before_approval(status):
    with pytest.raises(rules.PaymentBeforeApproval) as refused:
        order(current=status)
    assert refused.value.status == 409


def test_nothing_is_paid_before_agreement_nor_after_refusal():
    for status in (ClaimStatus.DECIDED, ClaimStatus.REFUSAL_SERVED, ClaimStatus.CLOSED):
        with pytest.raises(StateConflict):
            order(current=status)


def test_the_insured_is_paid_only_with_proof_that_the_third_party_was():
    with pytest.raises(rules.ThirdPartyNotPaid) as refused:
        order(INSURED, standing=LIABILITY)
    assert refused.value.status == 409
    assert order(INSURED, standing=replace(LIABILITY, third_party_paid=True)) is ClaimStatus.PAYING


def test_the_third_party_is_paid_directly():
    assert order(replace(PERSON, kind=PayeeKind.THIRD_PARTY), standing=LIABILITY) is ClaimStatus.PAYING


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (PayeeKind.INSURED, Line.ACCIDENT),
        (PayeeKind.THIRD_PARTY, Line.ACCIDENT),
        (PayeeKind.BENEFICIARY, Line.LIABILITY),
        (PayeeKind.INSURED_PERSON, Line.LIABILITY),
    ],
)
def test_a_payee_of_the_other_line_is_not_entitled(kind, line):
    with pytest.raises(rules.PayeeNotEntitled):
        order(replace(PERSON, kind=kind), standing=Standing(line, AMOUNT, third_party_paid=True))


def test_only_the_named_beneficiaries_are_entitled():
    named = replace(ACCIDENT, names=frozenset({"欧阳 江", "欧阳海"}))
    assert order(replace(PERSON, kind=PayeeKind.BENEFICIARY, name="欧阳江"), standing=named)
    with pytest.raises(rules.PayeeNotEntitled):
        order(replace(PERSON, kind=PayeeKind.BENEFICIARY), standing=named)


def test_missing_payee_data_are_told_at_once():
    with pytest.raises(ValidationFailed) as refused:
        order(Payee(PayeeKind.INSURED_PERSON, " ", "", ""), Decimal("0.00"))
    assert [fault.pointer for fault in refused.value.faults] == [
        "#/payee/name",
        "#/payee/account",
        "#/relation",
        "#/amount",
    ]
    with pytest.raises(ValidationFailed):
        order(replace(PERSON, account="账号"))


def test_an_account_in_another_name_is_refused():
    with pytest.raises(rules.AccountNameMismatch):
        order(replace(PERSON, account_holder="欧阳江"))
    assert order(replace(PERSON, account_holder="欧阳 岚")) is ClaimStatus.PAYING


def test_more_than_payable_is_refused_to_the_cent():
    with pytest.raises(rules.PayableExceeded) as refused:
        order(amount=AMOUNT + Decimal("0.01"))
    assert refused.value.status == 422


def test_no_amount_is_paid_twice():
    with pytest.raises(rules.AlreadyPaid) as refused:
        order(current=ClaimStatus.PAYING, standing=replace(ACCIDENT, ordered=AMOUNT))
    assert refused.value.status == 409
    half = AMOUNT / 2
    assert order(amount=half, current=ClaimStatus.PAYING, standing=replace(ACCIDENT, ordered=half))


def test_a_claimant_gets_no_more_than_his_share_also_in_two_payments():
    shared = replace(ACCIDENT, share=Decimal("1000.00"))
    with pytest.raises(rules.PayableExceeded):
        order(amount=Decimal("1000.01"), standing=shared)
    with pytest.raises(rules.AlreadyPaid):
        order(
            amount=Decimal("600.00"),
            standing=replace(shared, ordered=Decimal("500.00"), ordered_to_payee=Decimal("500.00")),
            current=ClaimStatus.PAYING,
        )


def test_adjuster_and_approver_do_not_pay():
    cashier = UUID(int=5)
    for duty in (Duty.ADJUSTER, Duty.APPROVER):
        with pytest.raises(SeparationOfDuties):
            rules.refuse_cashier([Held(duty, cashier)], cashier)
    rules.refuse_cashier([Held(Duty.APPROVER, UUID(int=6))], cashier)


def test_a_failed_or_returned_payment_can_be_sent_again_and_a_paid_one_returns():
    assert rules.advance_payment(PaymentStatus.FAILED, PaymentStatus.ORDERED) is PaymentStatus.ORDERED
    assert rules.advance_payment(PaymentStatus.PAID, PaymentStatus.RETURNED) is PaymentStatus.RETURNED
    with pytest.raises(StateConflict) as refused:
        rules.advance_payment(PaymentStatus.PAID, PaymentStatus.PAID)
    assert refused.value.members["legal_moves"] == ["returned"]
    assert set(rules.NEXT) == set(PaymentStatus)


def test_a_confirmation_has_a_possible_time_and_a_reference():
    confirm = {"ordered_at": NOW - timedelta(hours=1), "now": NOW}
    assert rules.confirm(PaymentStatus.ACCEPTED, NOW, "B-1", **confirm) is PaymentStatus.PAID
    with pytest.raises(OccurredInFuture):
        rules.confirm(PaymentStatus.ACCEPTED, NOW + timedelta(seconds=1), "B-1", **confirm)
    with pytest.raises(ValidationFailed) as refused:
        rules.confirm(PaymentStatus.ORDERED, NOW - timedelta(hours=2), " ", **confirm)
    assert len(refused.value.faults) == 2


def test_the_claim_is_paid_when_the_last_part_is_confirmed():
    parts = [Decimal("1000.00")]
    assert rules.after_confirmation(ClaimStatus.PAYING, AMOUNT, parts) is ClaimStatus.PAYING
    assert rules.after_confirmation(ClaimStatus.PAYING, AMOUNT, [*parts, Decimal("2268.00")]) is ClaimStatus.PAID


@pytest.mark.parametrize("account", ["123456", "1" * 34, "GB29 NWBK 6016", "6222-0000"])
def test_accounts_of_any_usual_form_are_taken(account):
    assert order(replace(PERSON, account=account)) is ClaimStatus.PAYING


@pytest.mark.parametrize("account", ["12345", "1" * 35, "６２２２００００", "6222_0000"])
def test_what_cannot_be_an_account_is_refused(account):
    with pytest.raises(ValidationFailed) as refused:
        order(replace(PERSON, account=account))
    assert [fault.code for fault in refused.value.faults] == ["account_format"]


def test_a_share_may_be_paid_to_its_last_cent():
    standing = replace(
        ACCIDENT, share=Decimal("1000.00"), ordered=Decimal("400.00"), ordered_to_payee=Decimal("400.00")
    )
    assert order(amount=Decimal("600.00"), standing=standing, current=ClaimStatus.PAYING) is ClaimStatus.PAYING
