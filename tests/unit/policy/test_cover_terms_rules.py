"""Cover terms: every known term, every format, all faults at once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.policy.policy import rules
from services.policy.policy.rules import LimitUsed
from shared.errors import ValidationFailed

LIABILITY = {
    "basis": "fault",
    "limit_per_accident": "2000000.00",
    "limit_per_person": "500000.00",
    "aggregate_limit": "10000000.00",
    "medical_limit_per_person": "50000.00",
    "property_deductible_amount": "2000.00",
    "property_deductible_rate": "0.10",
    "property_deductible_rule": "max",
    "expense_limits": {"legal": "200000.00"},
    "own_share": "1.00",
    "allocation": "pro_rata",
}
EMPLOYERS = {
    "basis": "strict",
    "death_benefit_per_person": "600000.00",
    "medical_limit_per_person": "60000.00",
    "medical_deductible": "200.00",
    "medical_reimbursement_rate": "0.80",
    "wage_daily_amount": "100.00",
    "wage_waiting_days": 3,
    "wage_max_days": 180,
    "wage_offsets_disability": True,
    "disability_scale": {"1": "1.00", "2": "0.80", "10": "0.05"},
    "aggregate_limit": "1100000.00",
    "excluded_kinds": ["property"],
}
ACCIDENT = {
    "sum_insured": "300000.00",
    "disability_scale": {str(grade): f"{(11 - grade) / 10:.2f}" for grade in range(1, 11)},
    "medical_sum_insured": "30000.00",
    "medical_deductible": "100.00",
    "medical_reimbursement_rate": "0.90",
    "social_deduction_priced": True,
    "benefit_days": 180,
    "premium_charged_per_person": "365.00",
    "premium_due_per_person": "365.00",
}


def faults(line: str, **terms) -> list[tuple[str, str | None]]:
    return [(fault.code, fault.pointer) for fault in rules.cover_faults(line, terms)]


@pytest.mark.parametrize(
    ("line", "cover"), [("liability", LIABILITY), ("liability", EMPLOYERS), ("accident", ACCIDENT), ("liability", {})]
)
def test_the_usual_terms_are_taken(line, cover):
    rules.check_cover(line, cover)


def test_an_absent_and_a_null_term_are_the_same():
    assert faults("liability", limit_per_person=None, disability_scale=None) == []


def test_a_term_of_the_other_line_or_of_none_is_refused():
    assert faults("accident", aggregate_limit="1.00") == [("unknown_property", "#/cover/aggregate_limit")]
    assert faults("liability", sum_insured="1.00", colour=None) == [
        ("unknown_property", "#/cover/sum_insured"),
        ("unknown_property", "#/cover/colour"),
    ]
    assert faults("motor", limit="1.00") == [("value_not_in_set", "#/line")]


@pytest.mark.parametrize("value", [5000000, 5000000.0, "5000000", "5,000,000.00", "-1.00", "1e6", "１.00", True, ""])
def test_money_is_a_string_with_two_decimals(value):
    assert faults("liability", limit_per_accident=value) == [("money_format", "#/cover/limit_per_accident")]


@pytest.mark.parametrize("value", ["1.01", "-0.1", 0.1, 1, "10%", "", ["0.10"]])
def test_a_rate_is_a_string_from_nothing_to_all(value):
    assert faults("liability", medical_reimbursement_rate=value) == [
        ("rate_format", "#/cover/medical_reimbursement_rate")
    ]


@pytest.mark.parametrize("value", [-1, 1.5, "3", True])
def test_days_are_whole(value):
    assert faults("accident", benefit_days=value) == [("days_format", "#/cover/benefit_days")]


def test_every_wrong_term_is_told_at_once():
    wrong = {
        "basis": "luck",
        "own_share": "0.00",
        "wage_offsets_disability": "yes",
        "medical_kinds": ["medical", "candy"],
        "excluded_kinds": "property",
        "expense_limits": {"legal": 5, "travel": "1.00"},
        "disability_scale": {"1": "1.00", "11": "0.05", "2": "2.00"},
        "death_benefit_per_person": "1.00",
        "allocation": None,
    }
    with pytest.raises(ValidationFailed) as refused:
        rules.check_cover("liability", wrong)
    assert [(fault.code, fault.pointer) for fault in refused.value.faults] == [
        ("value_not_in_set", "#/cover/basis"),
        ("share_zero", "#/cover/own_share"),
        ("flag_format", "#/cover/wage_offsets_disability"),
        ("value_not_in_set", "#/cover/medical_kinds/1"),
        ("list_format", "#/cover/excluded_kinds"),
        ("money_format", "#/cover/expense_limits/legal"),
        ("unknown_property", "#/cover/expense_limits/travel"),
        ("unknown_property", "#/cover/disability_scale/11"),
        ("rate_format", "#/cover/disability_scale/2"),
    ]


def test_a_scale_is_a_share_of_something():
    scale = {"1": "1.00"}
    assert faults("liability", disability_scale=scale) == [("scale_without_base", "#/cover/disability_scale")]
    assert faults("liability", disability_scale=scale, limit_per_person="1.00") == []
    assert faults("accident", disability_scale=scale) == []


def left(line, cover, sums=(), used=()) -> dict[tuple[str, str | None], Decimal]:
    limits = rules.remaining_limits(line, cover, dict(sums), used)
    return {(one.limit_name, one.ref): one.remaining for one in limits}


def test_settled_claims_wear_the_aggregate_down():
    used = [LimitUsed("aggregate_limit", Decimal("244735.35")), LimitUsed("limit_per_accident", Decimal("244735.35"))]
    assert left("liability", LIABILITY, used=used) == {("aggregate_limit", None): Decimal("9755264.65")}
    assert left("liability", {}, used=used) == {}


def test_each_person_has_his_own_sums():
    sums = rules.sums_by_person([("P-1", Decimal("500000.00")), ("P-2", None)], ACCIDENT)
    used = [
        LimitUsed("sum_insured", Decimal("120000.00"), "P-2"),
        LimitUsed("medical_sum_insured", Decimal("8406.72"), "P-2"),
        LimitUsed("sum_insured", Decimal("60000.00"), "P-2"),
    ]
    assert left("accident", ACCIDENT, sums, used) == {
        ("sum_insured", "P-1"): Decimal("500000.00"),
        ("sum_insured", "P-2"): Decimal("120000.00"),
        ("medical_sum_insured", "P-1"): Decimal("30000.00"),
        ("medical_sum_insured", "P-2"): Decimal("21593.28"),
    }
    assert rules.sums_by_person([("P-3", None)], {}) == {}


def test_a_used_up_sum_ends_the_cover_of_that_person_and_all_of_them_that_of_the_policy():
    sums = {"P-1": Decimal("100.00"), "P-2": Decimal("100.00")}
    used = [LimitUsed("sum_insured", Decimal("100.00"), "P-1")]
    limits = rules.remaining_limits("accident", {}, sums, used)
    assert rules.exhausted_persons(limits) == ["P-1"]
    assert not rules.is_exhausted("accident", limits)
    both = rules.remaining_limits("accident", {}, sums, [*used, LimitUsed("sum_insured", Decimal("100.00"), "P-2")])
    assert rules.is_exhausted("accident", both)
    assert not rules.is_exhausted("liability", rules.remaining_limits("liability", {}, {}, []))


def test_what_is_left_is_never_below_nothing_and_an_overrun_is_seen():
    used = [LimitUsed("aggregate_limit", Decimal("1100000.01"))]
    (limit,) = rules.remaining_limits("liability", EMPLOYERS, {}, used)
    assert (limit.remaining, limit.overrun, limit.exhausted) == (Decimal("0.00"), Decimal("0.01"), True)
    assert rules.is_exhausted("liability", [limit])
