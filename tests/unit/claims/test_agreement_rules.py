"""Agreement, notice and explanation of a decided claim."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from services.claims.agreement import rules
from services.claims.agreement.rules import Decision, Notice, NoticeKind
from services.claims.claim.rules import ClaimStatus, Outcome
from shared.clock import SHANGHAI
from shared.errors import OccurredInFuture, StateConflict

S = ClaimStatus
DECIDED = datetime(2026, 4, 10, 15, 0, 0, 400_000, SHANGHAI)
NOW = DECIDED + timedelta(days=2)
PAID = Decision(Outcome.PAID, DECIDED)
REFUSED = Decision(Outcome.REFUSED, DECIDED, "地址不符", ("PL-02", "PL-05"))
TOLD = Notice(NoticeKind.REFUSE, NOW)


def agree(at=NOW, payable="10.00", decision=PAID, current=S.DECIDED):
    return rules.agree(current, decision, at, Decimal(payable), NOW)


def serve(notice=TOLD, decision=REFUSED, current=S.DECIDED, served=()):
    return rules.serve(current, decision, notice, dict.fromkeys(served, DECIDED), NOW)


def test_an_agreed_claim_waits_for_payment_and_one_with_nothing_left_to_pay_is_paid():
    assert agree() == (S.AGREED,)
    assert agree(payable="0.00") == (S.AGREED, S.PAYING, S.PAID)


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.ZERO])
def test_there_is_nothing_to_agree_on_without_an_amount(outcome):
    with pytest.raises(rules.NothingToAgree):
        agree(decision=replace(PAID, outcome=outcome))


def test_an_agreement_in_the_second_of_the_decision_holds_and_one_before_does_not():
    assert agree(DECIDED.replace(microsecond=0))
    with pytest.raises(rules.BeforeDecision):
        agree(DECIDED.replace(microsecond=0) - timedelta(seconds=1))
    with pytest.raises(OccurredInFuture):
        agree(NOW + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("outcome", "kind", "status"),
    [
        (Outcome.PAID, NoticeKind.PAY, S.DECIDED),
        (Outcome.PARTIAL, NoticeKind.PARTIAL, S.DECIDED),
        (Outcome.REFUSED, NoticeKind.REFUSE, S.REFUSAL_SERVED),
        (Outcome.ZERO, NoticeKind.ZERO, S.ZERO),
    ],
)
def test_each_result_has_its_notice_and_only_a_payment_goes_on_after_it(outcome, kind, status):
    decision = replace(REFUSED, outcome=outcome)
    assert serve(replace(TOLD, kind=kind), decision) is status
    for other in set(NoticeKind) - {kind}:
        with pytest.raises(rules.NoticeKindDiffers):
            serve(replace(TOLD, kind=other), decision)


@pytest.mark.parametrize("status", sorted(set(S) - rules.TOLD_IN))
def test_nothing_is_told_before_the_decision_nor_after_the_end(status):
    with pytest.raises(StateConflict):
        serve(current=status)
    with pytest.raises(StateConflict):
        rules.refuse_not_told(status)


def test_a_result_is_told_once():
    with pytest.raises(rules.NoticeServedAlready):
        serve(served=[NoticeKind.REFUSE])


@pytest.mark.parametrize(
    "changes",
    [{"reason": ""}, {"reason": "  "}, {"clause_ids": ()}, {"clause_ids": ("PL-99",)}, {"clause_ids": ("PL-02", "X")}],
)
def test_a_refusal_states_reasons_and_clauses_of_the_decision(changes):
    with pytest.raises(rules.RefusalGroundsMissing):
        serve(replace(TOLD, **changes))
    assert serve(replace(TOLD, reason="承保地址以外", clause_ids=("PL-05",))) is S.REFUSAL_SERVED


def test_a_decision_without_grounds_cannot_be_served_as_it_is():
    with pytest.raises(rules.RefusalGroundsMissing) as refused:
        serve(decision=replace(REFUSED, reason=None, clause_ids=()))
    assert [fault.pointer for fault in refused.value.faults] == ["#/reason", "#/clause_ids"]


def test_whatever_is_less_than_claimed_is_explained():
    assert [rules.explanation_due(one) for one in (Outcome.PAID, Outcome.PARTIAL, Outcome.REFUSED, Outcome.ZERO)] == [
        *(False, True, True, True)
    ]
    assert not rules.explanation_due(None)
