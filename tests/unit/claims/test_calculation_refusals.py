"""Assessed facts and cover terms that have no answer: one refusal per reason, pointing at the value."""

from __future__ import annotations

import pytest

from services.claims.adjustment.rules import read_facts
from services.claims.adjustment.rules import refusals as refused
from tests.support.calculations import EMPLOYERS, L1_FACTS, PUBLIC, liability, one


def joint(**claimant):
    return one(**claimant) | {"liability_form": "joint", "fault_ratio": "0.70"}


@pytest.mark.parametrize(
    ("cover", "facts", "refusal", "pointer"),
    [
        (PUBLIC, one({"kind": "allowance", "days": 3}), refused.LossKindUnknown, "#/claimants/0/losses/0/kind"),
        (PUBLIC, one({"kind": "medical"}), refused.AmountMissing, "#/claimants/0/losses/0/amount"),
        (PUBLIC, one({"kind": "medical", "amount": "-1.00"}), refused.AmountNegative, "#/claimants/0/losses/0/amount"),
        (PUBLIC, one({"kind": "medical", "amount": 1.5}), refused.ValueUnreadable, "#/claimants/0/losses/0/amount"),
        (PUBLIC, one({"kind": "lost_wages"}), refused.AmountAndDaysMissing, "#/claimants/0/losses/0"),
        (EMPLOYERS, one({"kind": "lost_wages", "amount": "9.00"}), refused.DaysMissing, "#/claimants/0/losses/0/days"),
        (EMPLOYERS, one({"kind": "lost_wages", "days": -1}), refused.DaysNegative, "#/claimants/0/losses/0/days"),
        (EMPLOYERS, one({"kind": "disability"}), refused.GradeMissing, "#/claimants/0/losses/0/grade"),
        (EMPLOYERS, one({"kind": "disability", "grade": 11}), refused.GradeOffScale, "#/claimants/0/losses/0/grade"),
        (EMPLOYERS, one({"kind": "death"}, {"kind": "death"}), refused.BenefitRepeated, "#/claimants/0/losses/1/kind"),
        (PUBLIC, one() | {"fault_ratio": None}, refused.FaultRatioMissing, "#/fault_ratio"),
        (PUBLIC, one() | {"fault_ratio": "1.01"}, refused.FaultRatioOutOfRange, "#/fault_ratio"),
        (PUBLIC, one() | {"liability_form": "both"}, refused.LiabilityFormUnknown, "#/liability_form"),
        (PUBLIC, joint(victim_fault_ratio="0.31"), refused.FaultRatiosExceedWhole, "#/claimants/0/victim_fault_ratio"),
        (PUBLIC, one(kind="stranger"), refused.ClaimantKindUnknown, "#/claimants/0/kind"),
        (PUBLIC, one(ref=""), refused.ClaimantRefMissing, "#/claimants/0/ref"),
        (PUBLIC, {"claimants": one()["claimants"] * 2}, refused.ClaimantRepeated, "#/claimants/1/ref"),
        (PUBLIC, {"expenses": [{"kind": "tax", "amount": "1.00"}]}, refused.ExpenseKindUnknown, "#/expenses/0/kind"),
        (PUBLIC, {"expenses": [{"kind": "legal"}]}, refused.AmountMissing, "#/expenses/0/amount"),
    ],
)
def test_facts_without_an_answer_are_refused_with_their_place(cover, facts, refusal, pointer):
    with pytest.raises(refusal) as caught:
        liability(cover, facts)
    assert caught.value.status == 422
    assert [fault.pointer for fault in caught.value.faults] == [pointer]
    assert "…" not in caught.value.text("zh") + caught.value.text("en")


@pytest.mark.parametrize(
    "terms",
    [
        {"limit_per_person": "-1.00"},
        {"limit_per_person": "much"},
        {"limit_per_person": 1.5},
        {"medical_reimbursement_rate": "1.20"},
        {"basis": "negligence"},
        {"wage_waiting_days": "1.5"},
        {"expenses_inside_limit": "yes"},
        {"disability_scale": {"one": "1.00"}},
        {"excluded_kinds": "property"},
        {"expense_limits": ["legal"]},
        {"own_share": "0.00"},
    ],
)
def test_cover_terms_that_cannot_be_read_are_refused(terms):
    with pytest.raises(refused.CoverTermInvalid) as caught:
        liability(PUBLIC | terms, L1_FACTS)
    assert caught.value.members == {"term": next(iter(terms))}


def test_a_line_of_business_that_nobody_knows_is_refused():
    with pytest.raises(refused.LineUnknown) as caught:
        read_facts("motor", L1_FACTS)
    assert (caught.value.status, caught.value.members["line"]) == (422, "motor")
