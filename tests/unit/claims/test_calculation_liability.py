"""Liability terms one by one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.claims.adjustment.rules import Clauses, LimitsUsed, read_exclusions
from tests.support.calculations import EMPLOYERS, L1_FACTS, L2_FACTS, PUBLIC, amounts, by_claimant, liability, one

FAULT = {"basis": "fault"}


def joint(*losses, ratio="0.70", **claimant):
    return one(*losses, **claimant) | {"liability_form": "joint", "fault_ratio": ratio}


def test_joint_liability_is_not_reduced_by_the_other_tortfeasors_and_the_excess_is_recovered():
    sheet = liability(FAULT, joint({"kind": "medical", "amount": "100000.00"}))
    assert sheet.gross_amount == Decimal("100000.00")
    [item] = sheet.recovery_items
    assert (item.claimant_ref, item.kind, item.amount) == ("A", "joint_liability_excess", Decimal("30000.00"))


def test_joint_liability_is_reduced_by_the_victims_own_fault_alone():
    sheet = liability(FAULT, joint({"kind": "medical", "amount": "100000.00"}, victim_fault_ratio="0.20"))
    assert sheet.gross_amount == Decimal("80000.00")
    assert sheet.recovery_items[0].amount == Decimal("10000.00")


def test_nothing_is_recovered_of_what_a_limit_kept_within_the_insureds_own_share():
    facts = joint({"kind": "medical", "amount": "100000.00"})
    assert liability(FAULT | {"limit_per_accident": "60000.00"}, facts).recovery_items == ()
    partly = liability(FAULT | {"limit_per_accident": "80000.00"}, facts)
    assert partly.recovery_items[0].amount == Decimal("10000.00")


def test_under_coinsurance_the_recovery_names_this_insurers_part():
    sheet = liability(FAULT | {"own_share": "0.60"}, joint({"kind": "medical", "amount": "100000.00"}))
    assert sheet.recovery_items[0].own_share_amount == Decimal("18000.00")


def test_a_strict_basis_ignores_the_fault_ratio():
    facts = one({"kind": "medical", "amount": "1000.00"}) | {"fault_ratio": "0.30"}
    assert liability({"basis": "strict"}, facts).gross_amount == Decimal("1000.00")
    assert liability(FAULT, facts).gross_amount == Decimal("300.00")


def test_every_line_is_rounded_half_up_before_the_sum():
    losses = [{"kind": kind, "amount": "0.05"} for kind in ("nursing", "transport", "nutrition")]
    sheet = liability(FAULT, one(*losses) | {"fault_ratio": "0.50"})
    assert sheet.gross_amount == Decimal("0.09")


def test_other_sources_are_deducted_after_the_fault_ratio_and_never_below_zero():
    loss = {"kind": "medical", "amount": "1000.00", "other_sources_amount": "200.00"}
    assert liability(FAULT, one(loss) | {"fault_ratio": "0.50"}).gross_amount == Decimal("300.00")
    assert liability(FAULT, one(loss | {"other_sources_amount": "2000.00"})).gross_amount == 0


def test_the_medical_sub_limit_covers_all_medical_kinds_together_pro_rata():
    losses = [
        {"kind": "medical", "amount": "60000.00"},
        {"kind": "hospital_meals", "amount": "40000.00"},
        {"kind": "nursing", "amount": "1000.00"},
    ]
    sheet = liability(PUBLIC, one(*losses))
    assert amounts(sheet) == {
        ("A", "medical"): "30000.00",
        ("A", "hospital_meals"): "20000.00",
        ("A", "nursing"): "1000.00",
    }


def test_the_policy_says_which_kinds_are_medical():
    sheet = liability(PUBLIC | {"medical_kinds": ["medical"]}, one({"kind": "hospital_meals", "amount": "60000.00"}))
    assert sheet.gross_amount == Decimal("60000.00")


def test_treatment_outside_the_catalogue_has_a_rate_of_its_own_and_the_deductible_is_taken_once():
    cover = EMPLOYERS | {"non_catalogue_medical_rate": "0.50"}
    losses = [{"kind": "medical", "amount": "3000.00"}, {"kind": "non_catalogue_medical", "amount": "1000.00"}]
    sheet = liability(cover, one(*losses, kind="employee"))
    # 200 is borne 150 : 50; 2,850 × 0.8 and 950 × 0.5
    assert amounts(sheet) == {("A", "medical"): "2280.00", ("A", "non_catalogue_medical"): "475.00"}


def test_the_limit_of_the_person_holds_over_all_lines_medical_included():
    losses = [{"kind": "medical", "amount": "50000.00"}, {"kind": "death_compensation", "amount": "950000.00"}]
    sheet = liability(PUBLIC, one(*losses))
    assert by_claimant(sheet) == {"A": "500000.00"}
    assert amounts(sheet) == {("A", "medical"): "25000.00", ("A", "death_compensation"): "475000.00"}


def test_without_a_limit_of_the_person_medical_stands_beside_the_death_benefit():
    assert by_claimant(liability(EMPLOYERS, L2_FACTS))["W1"] == "625440.00"


@pytest.mark.parametrize(
    ("rule", "loss", "paid"),
    [
        ("max", "6500.00", "4500.00"),
        ("max", "50000.00", "45000.00"),
        ("sum", "6500.00", "3850.00"),
        ("max", "1500.00", "0.00"),
    ],
)
def test_the_property_deductible_is_the_greater_or_the_sum_of_amount_and_rate(rule, loss, paid):
    sheet = liability(PUBLIC | {"property_deductible_rule": rule}, one({"kind": "property", "amount": loss}))
    assert amounts(sheet) == {("A", "property"): paid}


def test_an_absent_deductible_does_not_apply():
    assert liability(FAULT, one({"kind": "property", "amount": "1500.00"})).gross_amount == Decimal("1500.00")


def test_the_property_deductible_is_borne_once_in_an_accident():
    facts = {
        "fault_ratio": "1.00",
        "claimants": [
            {"ref": ref, "kind": "third_party", "losses": [{"kind": "property", "amount": "5000.00"}]} for ref in "AB"
        ],
    }
    assert by_claimant(liability(PUBLIC, facts)) == {"A": "4000.00", "B": "4000.00"}
    rest = liability(PUBLIC, facts, used=LimitsUsed(property_deductible_taken=Decimal("2000.00")))
    assert rest.gross_amount == Decimal("10000.00")


def _two_injured_and_a_car():
    return {
        "fault_ratio": "1.00",
        "claimants": [
            {"ref": "A", "kind": "third_party", "losses": [{"kind": "nursing", "amount": "100.00"}]},
            {"ref": "B", "kind": "third_party", "losses": [{"kind": "nursing", "amount": "100.00"}]},
            {"ref": "C", "kind": "third_party", "losses": [{"kind": "property", "amount": "100.00"}]},
        ],
    }


def test_the_limit_of_the_accident_is_shared_out_pro_rata_to_the_cent():
    sheet = liability(FAULT | {"limit_per_accident": "100.00"}, _two_injured_and_a_car())
    assert by_claimant(sheet) == {"A": "33.34", "B": "33.33", "C": "33.33"}


@pytest.mark.parametrize(
    ("limit", "shares"),
    [
        ("250.00", {"A": "100.00", "B": "100.00", "C": "50.00"}),
        ("150.00", {"A": "75.00", "B": "75.00", "C": "0.00"}),
    ],
)
def test_injury_first_pays_bodily_injury_before_property(limit, shares):
    cover = FAULT | {"limit_per_accident": limit, "allocation": "injury_first"}
    assert by_claimant(liability(cover, _two_injured_and_a_car())) == shares


def test_other_claims_of_the_same_accident_have_used_part_of_its_limit():
    used = LimitsUsed(accident=Decimal("40.00"))
    sheet = liability(FAULT | {"limit_per_accident": "100.00"}, _two_injured_and_a_car(), used=used)
    assert sheet.gross_amount == Decimal("60.00")


def test_the_aggregate_left_binds_and_says_so():
    sheet = liability(EMPLOYERS, L2_FACTS, used=LimitsUsed(aggregate_remaining=Decimal("1000000.00")))
    assert sheet.gross_amount == Decimal("1000000.00") == sheet.limits_used["aggregate_limit"]
    assert "累计责任限额剩余1000000.00元" in sheet.lines[0].explanation.zh
    assert liability(EMPLOYERS, L2_FACTS, used=LimitsUsed(aggregate_remaining=Decimal(0))).gross_amount == 0


def test_the_person_cannot_have_the_limit_twice_by_two_claims_of_one_accident():
    used = LimitsUsed(per_person={"A": Decimal("450000.00")}, medical_per_person={"A": Decimal("45000.00")})
    losses = [{"kind": "medical", "amount": "10000.00"}, {"kind": "nursing", "amount": "100000.00"}]
    sheet = liability(PUBLIC, one(*losses), used=used)
    assert by_claimant(sheet) == {"A": "50000.00"}
    assert amounts(sheet)["A", "medical"] == "2380.95"


def test_expenses_have_their_own_limits_outside_the_limit_of_the_accident():
    facts = L1_FACTS | {"expenses": [{"kind": "legal", "amount": "250000.00"}, {"kind": "rescue", "amount": "10.00"}]}
    sheet = liability(PUBLIC | {"limit_per_accident": "100000.00"}, facts)
    assert sheet.indemnity_amount == Decimal("100000.00")
    assert amounts(sheet)[None, "legal"] == "200000.00"
    assert amounts(sheet)[None, "rescue"] == "0.00"
    assert sheet.limits_used["limit_per_accident"] == Decimal("100000.00")


def test_expenses_inside_the_limit_take_what_the_indemnity_leaves():
    cover = PUBLIC | {"limit_per_accident": "250000.00", "expenses_inside_limit": True}
    sheet = liability(cover, L1_FACTS)
    assert sheet.indemnity_amount == Decimal("244735.35")
    assert sheet.expense_amount == Decimal("5264.65")
    assert sheet.limits_used["limit_per_accident"] == Decimal("250000.00")


def test_lost_wages_wait_and_end_and_are_damages_without_a_daily_amount():
    def days(number):
        return liability(EMPLOYERS, one({"kind": "lost_wages", "days": number}, kind="employee")).gross_amount

    assert [days(number) for number in (0, 3, 4, 183, 400)] == [0, 0, 100, 18000, 18000]
    assert liability(PUBLIC, one({"kind": "lost_wages", "amount": "4200.00"})).gross_amount == Decimal("4200.00")
    assert liability(PUBLIC, one({"kind": "lost_wages", "days": 9})).gross_amount == 0


def test_several_injuries_of_a_worker_take_the_worst_grade_one_up_never_the_sum():
    once = liability(EMPLOYERS, one({"kind": "disability", "grades": [7, 8]}, kind="employee"))
    twice = liability(
        EMPLOYERS,
        one({"kind": "disability", "grade": 7}, {"kind": "disability", "grade": 7}, kind="employee"),
    )
    assert once.gross_amount == Decimal("180000.00")
    assert amounts(twice) == {("A", "disability"): "240000.00"}


def test_the_scale_applies_to_the_limit_of_the_person_where_no_death_benefit_is_agreed():
    cover = {"basis": "strict", "limit_per_person": "400000.00", "disability_scale": {"5": "0.50"}}
    assert liability(cover, one({"kind": "disability", "grade": 5})).gross_amount == Decimal("200000.00")
    assert liability(cover, one({"kind": "death"})).gross_amount == 0


def test_a_worker_who_dies_after_a_rated_disability_has_the_death_benefit_once():
    losses = [{"kind": "death"}, {"kind": "disability", "grade": 4}, {"kind": "lost_wages", "days": 33}]
    sheet = liability(EMPLOYERS, one(*losses, kind="employee"))
    assert amounts(sheet) == {
        ("A", "death"): "240000.00",
        ("A", "disability"): "357000.00",
        ("A", "lost_wages"): "3000.00",
    }
    assert sheet.gross_amount == Decimal("600000.00")


def test_an_excluded_kind_pays_nothing_and_cites_the_exclusion():
    sheet = liability(EMPLOYERS, one({"kind": "property", "amount": "100.00"}, kind="employee"))
    assert amounts(sheet) == {("A", "property"): "0.00"}
    assert sheet.lines[0].clause_ids == ("EX-03",)


def test_advances_are_deducted_from_the_own_share_while_the_gross_stays():
    sheet = liability(PUBLIC | {"own_share": "0.60"}, L1_FACTS, advances=Decimal("55841.21"))
    assert sheet.gross_amount == Decimal("259735.35")
    assert sheet.advances_deducted == Decimal("55841.21")
    assert sheet.payable_amount == Decimal("100000.00")
    assert sheet.flags == ()


def test_an_advance_above_the_result_is_an_overpayment_never_a_negative_payment():
    sheet = liability(FAULT, one({"kind": "nursing", "amount": "100.00"}), advances=Decimal("130.00"))
    assert sheet.payable_amount == 0
    assert sheet.advances_deducted == Decimal("100.00")
    assert sheet.overpayment_amount == Decimal("30.00")
    assert sheet.flags == ("overpayment",)


def test_a_deductible_whose_clause_was_never_acknowledged_is_flagged():
    facts = one({"kind": "property", "amount": "6500.00"})
    never = Clauses(read_exclusions([{"clause_id": "EX-03", "text_version": "2026-01", "acknowledged_at": None}]))
    sheet = liability(PUBLIC, facts, clauses=never)
    assert sheet.flags == ("exclusion_not_acknowledged",)
    assert sheet.unacknowledged_clause_ids == ("EX-03",)
    assert liability(PUBLIC, facts, clauses=Clauses()).flags == ("exclusion_not_acknowledged",)
    assert liability(PUBLIC, one({"kind": "nursing", "amount": "10.00"}), clauses=never).flags == ()


def test_only_the_clause_that_carries_the_term_counts_where_it_is_known():
    clauses = Clauses(
        read_exclusions(
            [
                {"clause_id": "EX-01", "acknowledged_at": None},
                {"clause_id": "EX-03", "acknowledged_at": "2026-03-12T10:00:00+08:00"},
            ]
        ),
        {"property_deductible_amount": ("EX-03",), "limit_per_person": ("C-07",)},
    )
    losses = [{"kind": "property", "amount": "6500.00"}, {"kind": "nursing", "amount": "600000.00"}]
    sheet = liability(PUBLIC, one(*losses), clauses=clauses)
    assert sheet.flags == ()
    assert sheet.lines[0].clause_ids == ("EX-03",)
    assert sheet.lines[1].clause_ids == ("C-07",)


def test_the_explanation_names_every_step_that_bit_in_both_languages():
    text = liability(PUBLIC, L1_FACTS).lines[0].explanation
    for part in ("86400.00", "70%", "60480.00", "50000.00"):
        assert part in text.zh
        assert part in text.en
    assert text.zh.startswith("医疗费")
    assert text.en.startswith("medical expenses")
    unreduced = liability(FAULT, one({"kind": "nursing", "amount": "10.00"})).lines[0].explanation
    assert unreduced.en == "nursing: assessed loss 10.00; payable 10.00."


def test_the_sheet_in_json_has_two_decimals_everywhere():
    body = liability(PUBLIC, L1_FACTS).as_json()
    assert body["gross_amount"] == "259735.35"
    assert body["claimants"][0] == {"ref": "A", "amount": "226400.00"}
    assert body["lines"][6]["claimant_ref"] is None
    assert set(body["lines"][0]["explanation"]) == {"zh", "en"}
    assert body["limits_used"]["medical_limit_per_person"]["A"] == "50000.00"
    assert body["limits_used"]["expense_limits"] == {"legal": "15000.00"}
