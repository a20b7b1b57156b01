"""Registration and reserves."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.claims.claim.rules import ClaimStatus, Line
from services.claims.reserve import rules
from shared.errors import ReasonRequired, StateConflict

AMOUNT = Decimal("5000.00")


def test_a_surveyed_claim_of_any_line_is_registered():
    for line in Line:
        assert rules.register(ClaimStatus.SURVEYED, line, AMOUNT, "first view", None) is ClaimStatus.REGISTERED


def test_an_accident_claim_may_be_registered_without_survey_for_a_reason():
    status = rules.register(ClaimStatus.REPORTED, Line.ACCIDENT, AMOUNT, "small", "clear from the papers")
    assert status is ClaimStatus.REGISTERED
    with pytest.raises(ReasonRequired) as refused:
        rules.register(ClaimStatus.REPORTED, Line.ACCIDENT, AMOUNT, "small", " ")
    assert refused.value.faults[0].pointer == "#/no_survey_reason"


@pytest.mark.parametrize("line", [Line.LIABILITY, None])
def test_liability_and_unknown_lines_are_surveyed_first(line):
    with pytest.raises(rules.SurveyRequired) as refused:
        rules.register(ClaimStatus.REPORTED, line, AMOUNT, "small", "clear from the papers")
    assert refused.value.status == 409


def test_a_dispatched_claim_waits_for_its_survey():
    with pytest.raises(StateConflict):
        rules.register(ClaimStatus.DISPATCHED, Line.ACCIDENT, AMOUNT, "small", "clear")


def test_a_registration_needs_its_reason_and_no_negative_reserve():
    with pytest.raises(ReasonRequired):
        rules.register(ClaimStatus.SURVEYED, Line.LIABILITY, AMOUNT, "", None)
    with pytest.raises(rules.AmountNegative):
        rules.register(ClaimStatus.SURVEYED, Line.LIABILITY, Decimal("-0.01"), "why", None)


def test_a_change_tells_its_difference_and_needs_a_reason():
    assert rules.change_reserve(ClaimStatus.ASSESSING, AMOUNT, Decimal("3500.00"), "less") == Decimal("-1500.00")
    with pytest.raises(ReasonRequired):
        rules.change_reserve(ClaimStatus.ASSESSING, AMOUNT, Decimal("3500.00"), "  ")
    with pytest.raises(rules.ReserveUnchanged):
        rules.change_reserve(ClaimStatus.ASSESSING, AMOUNT, Decimal("5000.0"), "same")


def test_a_reserve_does_not_fall_below_what_was_paid():
    with pytest.raises(rules.ReserveBelowPaid):
        rules.change_reserve(ClaimStatus.DECIDED, AMOUNT, Decimal("999.99"), "less", paid=Decimal("1000.00"))
    assert rules.change_reserve(ClaimStatus.DECIDED, AMOUNT, Decimal("1000.00"), "less", paid=Decimal("1000.00"))


@pytest.mark.parametrize("status", [ClaimStatus.REPORTED, ClaimStatus.SURVEYED, ClaimStatus.PAID, ClaimStatus.CLOSED])
def test_no_reserve_before_registration_and_after_payment(status):
    with pytest.raises(StateConflict):
        rules.change_reserve(status, AMOUNT, Decimal("1.00"), "why")


def test_a_claim_may_be_registered_at_nothing():
    assert rules.register(ClaimStatus.SURVEYED, Line.LIABILITY, Decimal("0.00"), "no cover", None)
