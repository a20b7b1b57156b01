"""The life of a claim and the duties that must stay apart."""

from __future__ import annotations

import itertools
from decimal import Decimal
from uuid import UUID

import pytest

from services.claims.claim import rules
from services.claims.claim.rules import ClaimStatus, Duty, Held, PolicyDuty
from shared.errors import ReasonRequired, SeparationOfDuties, StateConflict

ANNA, BO = UUID(int=1), UUID(int=2)


def test_every_status_has_its_moves_and_none_leads_to_itself():
    assert set(rules.NEXT) == set(ClaimStatus)
    assert all(status not in moves for status, moves in rules.NEXT.items())


def test_every_status_can_be_reached_from_the_first_report():
    reached, fresh = {ClaimStatus.REPORTED}, {ClaimStatus.REPORTED}
    while fresh:
        fresh = {to for status in fresh for to in rules.NEXT[status]} - reached
        reached |= fresh
    assert reached == set(ClaimStatus)


def test_the_usual_way_of_a_claim_is_open():
    ends = [ClaimStatus.CANCELLED, ClaimStatus.REFUSAL_SERVED, ClaimStatus.ZERO, ClaimStatus.RETURNED]
    way = [status for status in ClaimStatus if status not in ends]
    assert way[0] is ClaimStatus.REPORTED
    assert way[-1] is ClaimStatus.REOPENED
    for current, to in itertools.pairwise(way):
        assert rules.advance(current, to) is to


def test_a_wrong_move_names_the_state_and_the_legal_moves():
    with pytest.raises(StateConflict) as refused:
        rules.advance(ClaimStatus.REPORTED, ClaimStatus.PAID)
    assert refused.value.members == {
        "current_state": "reported",
        "legal_moves": ["dispatched", "registered", "cancelled"],
    }


def test_nothing_leads_to_payment_around_the_decision():
    assert [status for status, moves in rules.NEXT.items() if ClaimStatus.PAYING in moves] == [ClaimStatus.AGREED]
    assert [status for status, moves in rules.NEXT.items() if ClaimStatus.AGREED in moves] == [ClaimStatus.DECIDED]


def test_a_claim_is_reopened_twice_at_most():
    assert rules.reopen(ClaimStatus.CLOSED, 1, maximum=2) is ClaimStatus.REOPENED
    with pytest.raises(rules.ReopeningsExhausted):
        rules.reopen(ClaimStatus.ARCHIVED, 2, maximum=2)
    with pytest.raises(StateConflict):
        rules.reopen(ClaimStatus.PAID, 0, maximum=2)


def test_a_cancellation_needs_code_and_reason_and_is_too_late_after_registration():
    assert rules.cancel(ClaimStatus.REPORTED, "duplicate", "same loss") is ClaimStatus.CANCELLED
    with pytest.raises(ReasonRequired) as refused:
        rules.cancel(ClaimStatus.REGISTERED, " ", "")
    assert [fault.pointer for fault in refused.value.faults] == ["#/reason_code", "#/reason"]
    with pytest.raises(StateConflict):
        rules.cancel(ClaimStatus.ASSESSING, "withdrawn", "by the insured")


def test_separation_is_symmetric():
    for duty, others in rules.FORBIDDEN.items():
        assert duty not in others
        for other in others:
            if isinstance(other, Duty):
                assert duty in rules.FORBIDDEN[other]


@pytest.mark.parametrize(
    ("held", "taking"),
    [
        (Duty.SURVEYOR, Duty.ADJUSTER),
        (Duty.SURVEYOR, Duty.APPROVER),
        (Duty.ADJUSTER, Duty.APPROVER),
        (Duty.ADJUSTER, Duty.CASHIER),
        (Duty.APPROVER, Duty.CASHIER),
        (Duty.APPROVER, Duty.ARCHIVIST),
        (Duty.ADJUSTER, Duty.ARCHIVIST),
        (PolicyDuty.UNDERWRITER, Duty.APPROVER),
        (PolicyDuty.SELLER, Duty.SURVEYOR),
    ],
)
def test_incompatible_duties_on_one_claim_need_two_persons(held: Duty | PolicyDuty, taking: Duty):
    with pytest.raises(SeparationOfDuties) as refused:
        rules.refuse_if_held([Held(held, ANNA)], ANNA, taking=taking)
    assert refused.value.members["conflicting_duty"] == held
    rules.refuse_if_held([Held(held, BO)], ANNA, taking=taking)


def test_the_adjuster_may_register_and_the_reporter_may_survey():
    rules.refuse_if_held([Held(Duty.REGISTRAR, ANNA)], ANNA, taking=Duty.ADJUSTER)
    rules.refuse_if_held([Held(Duty.REPORTER, ANNA)], ANNA, taking=Duty.SURVEYOR)


def test_a_caller_may_forbid_other_duties_than_the_table():
    with pytest.raises(SeparationOfDuties):
        rules.refuse_if_held([Held(Duty.APPROVER, ANNA)], ANNA, {Duty.APPROVER}, taking=Duty.APPROVER)


def test_the_surveyor_assesses_an_injury_up_to_the_threshold():
    assert rules.forbidden_for_assessment(Decimal("20000.00"), Decimal("20000.00")) == frozenset()
    assert rules.forbidden_for_assessment(Decimal("20000.01"), Decimal("20000.00")) == {Duty.SURVEYOR}


def test_marks_of_other_rooms_are_kept_when_flags_are_put_in_order() -> None:
    flags = ["suspected_fraud", "reinsured", "litigation", "late_notice"]
    assert rules.in_order(flags) == ["late_notice", "reinsured", "litigation", "suspected_fraud"]
