"""The ledger of limits, what a decision must still agree with, and who may assess: on values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.adjustment import rules
from services.claims.adjustment.rules import Basis, Entry, calculate
from services.claims.approval.rules import outcome_of
from services.claims.claim.rules import ClaimStatus, Duty, Held, Outcome
from shared.errors import SeparationOfDuties, StateConflict
from tests.support.calculations import PUBLIC, one

DAY = date(2026, 3, 15)
ME = UUID(int=7)
S = ClaimStatus


def basis(cover: dict[str, Any], facts: dict[str, Any], *entries: Entry, **members: Any) -> Basis:
    made = Basis("liability", cover, [], facts, in_force=True, accident_on=DAY, entries=entries, keys={"A": "id:a"})
    return replace(made, **members)


def gross(made: rules.Calculation) -> Decimal:
    return made.sheet.gross_amount


def taken(made: rules.Calculation) -> dict[tuple[str, str | None], Decimal]:
    return {(each.limit_name, each.claimant_ref): each.amount for each in made.taken}


def test_what_is_taken_of_every_limit_is_entered_with_the_deductibles():
    facts = one({"kind": "medical", "amount": "1000.00"}, {"kind": "property", "amount": "6500.00"})
    facts["expenses"] = [{"kind": "legal", "amount": "300.00"}]
    made = calculate(basis(PUBLIC | {"medical_deductible": "200.00"}, facts))
    assert taken(made) == {
        ("limit_per_accident", None): Decimal("5300.00"),
        ("aggregate_limit", None): Decimal("5300.00"),
        ("limit_per_person", "A"): Decimal("800.00"),
        ("medical_limit_per_person", "A"): Decimal("800.00"),
        ("expense_limits", "legal"): Decimal("300.00"),
        ("medical_deductible", "A"): Decimal("200.00"),
        ("property_deductible", None): Decimal("2000.00"),
        ("property_loss", None): Decimal("6500.00"),
    }


def test_only_the_aggregate_counts_over_other_accidents():
    facts = one({"kind": "mental_distress", "amount": "500000.00"})
    cover = PUBLIC | {"aggregate_limit": "800000.00", "limit_per_accident": "600000.00"}
    elsewhere = Entry("limit_per_accident", Decimal("400000.00"), None, same_accident=False)
    assert gross(calculate(basis(cover, facts, elsewhere))) == Decimal("500000.00")
    assert gross(calculate(basis(cover, facts, replace(elsewhere, same_accident=True)))) == Decimal("200000.00")
    aggregate = Entry("aggregate_limit", Decimal("700000.00"), None, same_accident=False)
    assert gross(calculate(basis(cover, facts, aggregate))) == Decimal("100000.00")
    person = Entry("limit_per_person", Decimal("450000.00"), "id:a", same_accident=True)
    assert gross(calculate(basis(cover, facts, person))) == Decimal("50000.00")
    assert gross(calculate(basis(cover, facts, replace(person, claimant_key="id:b")))) == Decimal("500000.00")


@given(st.lists(st.integers(1, 90_000_00), min_size=1, max_size=8), st.integers(1, 100_000_00))
def test_claims_one_after_the_other_never_take_more_than_the_aggregate(cents: list[int], limit: int):
    cover = {"basis": "fault", "aggregate_limit": str(Decimal(limit) / 100)}
    entries: list[Entry] = []
    for amount in cents:
        made = calculate(basis(cover, one({"kind": "mental_distress", "amount": str(Decimal(amount) / 100)}), *entries))
        entries += [Entry(each.limit_name, each.amount, None, same_accident=False) for each in made.taken]
    used = sum((each.amount for each in entries if each.limit_name == "aggregate_limit"), Decimal(0))
    assert used == min(Decimal(sum(cents)), Decimal(limit)) / 100


def test_the_same_basis_makes_the_same_sheet_and_digest():
    facts = one({"kind": "mental_distress", "amount": "12.34"})
    first, again = calculate(basis(PUBLIC, facts)), calculate(basis(PUBLIC, facts))
    assert first == again
    digest = rules.digest_of("c", 1, 1, first.sheet)
    assert digest == rules.digest_of("c", 1, 1, again.sheet.as_json())
    other = calculate(basis(PUBLIC, one({"kind": "mental_distress", "amount": "12.35"})))
    different = {rules.digest_of("c", 2, 1, first.sheet), rules.digest_of("c", 1, 2, first.sheet)}
    assert len(different | {rules.digest_of("c", 1, 1, other.sheet), digest}) == 4


def test_a_decision_stands_while_the_limits_leave_as_much_and_falls_when_they_do_not():
    facts = one({"kind": "mental_distress", "amount": "600.00"})
    cover = {"basis": "fault", "aggregate_limit": "1000.00"}
    stored = calculate(basis(cover, facts)).sheet.as_json()
    rules.refuse_changed_basis(1, stored, calculate(basis(cover, facts)).sheet)
    some = Entry("aggregate_limit", Decimal("400.00"), None, same_accident=False)
    rules.refuse_changed_basis(1, stored, calculate(basis(cover, facts, some)).sheet)
    more = replace(some, amount=Decimal("400.01"))
    with pytest.raises(rules.LimitExhausted) as refusal:
        rules.refuse_changed_basis(1, stored, calculate(basis(cover, facts, more)).sheet)
    assert refusal.value.members == {"gross_amount": "600.00", "available_amount": "599.99"}
    with pytest.raises(rules.SheetOutdated):
        rules.refuse_changed_basis(1, stored, calculate(basis(cover, facts, paid_before=Decimal("1.00"))).sheet)


def test_a_loss_that_no_version_covers_pays_nothing_and_takes_nothing():
    facts = one({"kind": "medical", "amount": "86400.00"}) | {"expenses": [{"kind": "legal", "amount": "10.00"}]}
    made = calculate(basis(PUBLIC, facts, in_force=False))
    assert (gross(made), made.taken, made.sheet.flags) == (Decimal("0.00"), (), ("not_in_force",))
    assert {line.kind for line in made.sheet.lines} == {"medical", "legal"}


ASSESSABLE = {
    *(S.REGISTERED, S.ASSESSING, S.DOCUMENTS_PENDING, S.DOCUMENTS_COMPLETE),
    *(S.CALCULATED, S.RETURNED, S.REOPENED),
}
CALCULABLE = {S.DOCUMENTS_COMPLETE, S.CALCULATED, S.IN_APPROVAL, S.RETURNED}


@pytest.mark.parametrize("status", list(S))
@pytest.mark.parametrize(("check", "states"), [(rules.may_assess, ASSESSABLE), (rules.may_calculate, CALCULABLE)])
def test_assessment_and_calculation_have_their_states(check: Any, states: set[ClaimStatus], status: ClaimStatus):
    if status in states:
        check(status, "liability", (), {ME}, ())
    else:
        with pytest.raises(StateConflict, match="state_conflict"):
            check(status, "liability", (), {ME}, ())


def test_complete_papers_carry_a_registered_claim_to_calculation_at_once():
    assert rules.after_assessment(S.REGISTERED, True) == (S.ASSESSING, S.DOCUMENTS_COMPLETE)
    assert rules.after_assessment(S.REGISTERED, False) == (S.ASSESSING,)


@pytest.mark.parametrize("duty", [Duty.APPROVER, Duty.CASHIER, Duty.ARCHIVIST, Duty.SURVEYOR])
def test_whoever_approves_pays_or_files_does_not_calculate(duty: Duty):
    held = (Held(duty, ME),)
    with pytest.raises(SeparationOfDuties):
        rules.may_calculate(S.DOCUMENTS_COMPLETE, "liability", held, {UUID(int=1), ME}, ())
    if duty is Duty.SURVEYOR:
        rules.may_assess(S.DOCUMENTS_COMPLETE, "liability", held, {ME}, ())
    else:
        with pytest.raises(SeparationOfDuties):
            rules.may_assess(S.DOCUMENTS_COMPLETE, "liability", held, {ME}, ())


@pytest.mark.parametrize(
    ("final", "amount", "claimed", "outcome"),
    [
        ("refuse", "100.00", "100.00", Outcome.REFUSED),
        ("approve", "0.00", "100.00", Outcome.ZERO),
        ("approve", "99.99", "100.00", Outcome.PARTIAL),
        ("approve", "100.00", "100.00", Outcome.PAID),
        ("approve", "100.00", None, Outcome.PAID),
    ],
)
def test_the_outcome_of_a_finished_approval(final: str, amount: str, claimed: str | None, outcome: Outcome):
    assert outcome_of(final, Decimal(amount), None if claimed is None else Decimal(claimed)) is outcome
