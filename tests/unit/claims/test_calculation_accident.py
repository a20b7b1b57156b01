"""Personal-accident benefits one by one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from services.claims.adjustment.rules import Clauses, PersonAccount
from services.claims.adjustment.rules import refusals as refused
from tests.support.calculations import ACCIDENT, SCALE, accident, amounts, one

ACCIDENT_ON = date(2026, 3, 15)


def person(*losses, **claimant):
    return one(*losses, kind="insured_person", **claimant)


def test_injuries_on_separate_lines_are_still_one_rating():
    losses = [{"kind": "disability", "grade": grade} for grade in (8, 8, 9)]
    assert amounts(accident(ACCIDENT, person(*losses))) == {("A", "disability"): "120000.00"}


@pytest.mark.parametrize(("grades", "paid"), [([9, 8], "90000.00"), ([1, 1], "300000.00"), ([2, 2, 2], "300000.00")])
def test_the_worst_grade_rises_by_one_at_most_to_the_first(grades, paid):
    assert amounts(accident(ACCIDENT, person({"kind": "disability", "grades": grades})))["A", "disability"] == paid


def test_death_and_disability_in_one_sheet_make_the_sum_insured_once():
    facts = person({"kind": "disability", "grades": [7]}, {"kind": "death"})
    sheet = accident(ACCIDENT, facts)
    assert amounts(sheet) == {("A", "disability"): "120000.00", ("A", "death"): "180000.00"}
    assert sheet.gross_amount == Decimal("300000.00")


def test_the_total_never_exceeds_the_sum_insured_over_several_accidents():
    account = PersonAccount(disability_paid_earlier=Decimal("240000.00"))
    facts = person({"kind": "disability", "grades": [3], "includes_earlier_injury": False})
    sheet = accident(ACCIDENT, facts, accounts={"A": account})
    assert sheet.gross_amount == Decimal("60000.00")
    dead = accident(ACCIDENT, person({"kind": "death"}), accounts={"A": account})
    assert dead.gross_amount == Decimal("60000.00")


def test_another_injury_of_a_later_accident_is_paid_beside_the_earlier_one():
    account = PersonAccount(disability_paid_earlier=Decimal("30000.00"))
    facts = person({"kind": "disability", "grades": [9], "includes_earlier_injury": False})
    assert accident(ACCIDENT, facts, accounts={"A": account}).gross_amount == Decimal("60000.00")


def test_an_unsaid_inclusion_is_taken_as_included_and_flagged_for_a_person():
    account = PersonAccount(disability_paid_earlier=Decimal("120000.00"))
    sheet = accident(ACCIDENT, person({"kind": "disability", "grades": [5]}), accounts={"A": account})
    assert sheet.gross_amount == Decimal("60000.00")
    assert sheet.flags == ("earlier_injury_assumed_included",)


def test_a_person_with_a_sum_of_their_own_has_it_before_the_covers():
    account = PersonAccount(sum_insured=Decimal("100000.00"))
    assert accident(ACCIDENT, person({"kind": "death"}), accounts={"A": account}).gross_amount == Decimal("100000.00")


def test_a_misstated_age_reduces_every_line_in_proportion_of_the_premium_rounded_by_line():
    cover = ACCIDENT | {
        "premium_charged_per_person": "300.00",
        "premium_due_per_person": "365.00",
        "allowance_daily_amount": "50.00",
        "allowance_waiting_days": 3,
    }
    facts = person(
        {"kind": "disability", "grades": [10]},
        {"kind": "medical", "amount": "1100.00"},
        {"kind": "allowance", "days": 10},
    )
    sheet = accident(cover, facts)
    assert amounts(sheet) == {
        ("A", "disability"): "24657.53",
        ("A", "medical"): "739.73",
        ("A", "allowance"): "287.67",
    }
    assert "365.00" in sheet.lines[0].explanation.zh


def test_a_premium_charged_above_the_due_one_never_raises_a_benefit():
    cover = ACCIDENT | {"premium_charged_per_person": "400.00"}
    assert accident(cover, person({"kind": "death"})).gross_amount == Decimal("300000.00")


def test_a_premium_of_nothing_due_leaves_the_benefit_whole():
    cover = ACCIDENT | {"premium_charged_per_person": "0.00", "premium_due_per_person": "0.00"}
    assert accident(cover, person({"kind": "death"})).gross_amount == Decimal("300000.00")


def test_in_proportion_death_after_disability_still_makes_the_reduced_sum_once():
    cover = ACCIDENT | {"premium_charged_per_person": "182.50"}
    account = PersonAccount(disability_paid_same_accident=Decimal("60000.00"))
    assert accident(cover, person({"kind": "death"}), accounts={"A": account}).gross_amount == Decimal("90000.00")


def test_the_medical_deductible_is_taken_once_from_all_bills_of_an_accident():
    bills = [{"kind": "medical", "amount": "600.00"}, {"kind": "medical", "amount": "400.00"}]
    sheet = accident(ACCIDENT, person(*bills))
    assert [line.amount for line in sheet.lines] == [Decimal("486.00"), Decimal("324.00")]
    again = accident(
        ACCIDENT, person(*bills), accounts={"A": PersonAccount(medical_deductible_taken=Decimal("100.00"))}
    )
    assert again.gross_amount == Decimal("900.00")


def test_benefits_that_are_not_agreed_pay_nothing_and_say_so():
    losses = [{"kind": "death"}, {"kind": "medical", "amount": "10.00"}, {"kind": "allowance", "days": 2}]
    sheet = accident({}, person(*losses))
    assert sheet.gross_amount == 0
    assert all("未约定" in line.explanation.zh for line in sheet.lines)


def test_allowance_days_wait_and_end():
    cover = {"allowance_daily_amount": "80.00", "allowance_waiting_days": 3, "allowance_max_days": 90}
    paid = [accident(cover, person({"kind": "allowance", "days": days})).gross_amount for days in (2, 10, 200)]
    assert paid == [0, 560, 7200]


def test_a_rating_must_take_the_state_of_day_180_at_the_latest():
    def rated(on: str):
        facts = person({"kind": "disability", "grades": [7], "occurred_on": on})
        return accident(ACCIDENT, facts, accident_on=ACCIDENT_ON)

    assert rated("2026-09-11").gross_amount == Decimal("120000.00")
    with pytest.raises(refused.RatedAfterBenefitPeriod) as caught:
        rated("2026-09-12")
    assert caught.value.members == {"benefit_days": 180, "last_day": "2026-09-11"}
    with pytest.raises(refused.EventBeforeAccident):
        rated("2026-03-14")


def test_an_untested_benefit_period_is_told_in_the_explanation():
    assert "180" in accident(ACCIDENT, person({"kind": "death"})).lines[0].explanation.en


def test_a_personal_accident_sheet_never_has_recovery_items():
    facts = person({"kind": "death"}) | {"liability_form": "joint", "fault_ratio": "0.40"}
    assert accident(ACCIDENT, facts).recovery_items == ()


def test_expenses_are_no_benefit_of_this_line():
    facts = person() | {"expenses": [{"kind": "appraisal", "amount": "800.00"}]}
    assert accident(ACCIDENT, facts).expense_amount == 0


def test_a_medical_rate_never_acknowledged_is_flagged_and_a_death_is_not():
    medical = accident(ACCIDENT, person({"kind": "medical", "amount": "900.00"}), clauses=Clauses())
    assert medical.flags == ("exclusion_not_acknowledged",)
    assert accident(ACCIDENT, person({"kind": "death"}), clauses=Clauses()).flags == ()


@pytest.mark.parametrize(
    ("loss", "refusal"),
    [
        ({"kind": "nursing", "amount": "1.00"}, refused.LossKindUnknown),
        ({"kind": "disability"}, refused.GradeMissing),
        ({"kind": "disability", "grades": [0]}, refused.GradeOffScale),
        ({"kind": "disability", "grades": 7}, refused.ValueUnreadable),
        ({"kind": "medical"}, refused.AmountMissing),
        ({"kind": "allowance"}, refused.DaysMissing),
        ({"kind": "death", "occurred_on": "2026-13-01"}, refused.ValueUnreadable),
    ],
)
def test_facts_without_an_answer_are_refused(loss, refusal):
    cover = ACCIDENT | {"allowance_daily_amount": "80.00"}
    with pytest.raises(refusal):
        accident(cover, person(loss))


def test_a_combined_grade_off_a_short_scale_is_refused():
    cover = {"sum_insured": "1000.00", "disability_scale": {"7": SCALE["7"]}}
    with pytest.raises(refused.GradeOffScale) as caught:
        accident(cover, person({"kind": "disability", "grades": [7, 7]}))
    assert caught.value.members == {"grade": 6, "grades_on_scale": [7]}
