"""The worked examples, to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from services.claims.adjustment.rules import Beneficiary, PersonAccount, last_benefit_day, split_among_beneficiaries
from tests.support.calculations import (
    ACCIDENT,
    EMPLOYERS,
    L1_FACTS,
    L2_FACTS,
    PUBLIC,
    SCALE,
    accident,
    amounts,
    by_claimant,
    liability,
    one,
)

P1_COVER = {"sum_insured": "500000.00", "disability_scale": SCALE, "benefit_days": 180}


def test_public_liability_at_seventy_per_cent_fault_pays_its_worked_figures():
    sheet = liability(PUBLIC, L1_FACTS)
    assert amounts(sheet) == {
        ("A", "medical"): "50000.00",
        ("A", "lost_wages"): "8400.00",
        ("A", "disability_compensation"): "168000.00",
        ("B", "medical"): "12845.35",
        ("B", "lost_wages"): "2940.00",
        ("C", "property"): "2550.00",
        (None, "legal"): "15000.00",
    }
    assert by_claimant(sheet) == {"A": "226400.00", "B": "15785.35", "C": "2550.00"}
    assert sheet.indemnity_amount == Decimal("244735.35")
    assert sheet.expense_amount == Decimal("15000.00")
    assert sheet.gross_amount == sheet.payable_amount == Decimal("259735.35")
    assert sheet.flags == ()
    assert sheet.recovery_items == ()


def test_an_own_share_of_sixty_per_cent_leaves_the_rest_to_the_coinsurer_and_the_gross_whole():
    sheet = liability(PUBLIC | {"own_share": "0.60"}, L1_FACTS)
    assert sheet.gross_amount == Decimal("259735.35")
    assert sheet.own_share_amount == sheet.payable_amount == Decimal("155841.21")
    assert sheet.coinsurer_amount == Decimal("103894.14")


def test_employers_liability_with_three_workers_pays_its_worked_figures():
    sheet = liability(EMPLOYERS, L2_FACTS)
    assert amounts(sheet) == {
        ("W1", "death"): "600000.00",
        ("W1", "medical"): "25440.00",
        ("W2", "disability"): "342000.00",
        ("W2", "lost_wages"): "18000.00",
        ("W2", "medical"): "60000.00",
        ("W3", "disability"): "25800.00",
        ("W3", "lost_wages"): "4200.00",
        ("W3", "medical"): "7680.00",
    }
    assert by_claimant(sheet) == {"W1": "625440.00", "W2": "420000.00", "W3": "37680.00"}
    assert sheet.gross_amount == Decimal("1083120.00")
    assert sheet.flags == ()


def test_death_after_disability_pays_the_rest_of_the_sum_to_the_beneficiaries_in_equal_parts():
    day = date(2026, 3, 15)
    first = accident(P1_COVER, one({"kind": "disability", "grades": [7]}, kind="insured_person"), accident_on=day)
    assert first.payable_amount == Decimal("200000.00")
    after = accident(
        P1_COVER,
        one({"kind": "death", "occurred_on": "2026-08-12"}, kind="insured_person"),
        accident_on=day,
        accounts={"A": PersonAccount(disability_paid_same_accident=first.payable_amount)},
    )
    assert after.payable_amount == Decimal("300000.00")
    parts = split_among_beneficiaries(after.payable_amount, [Beneficiary("a", "spouse"), Beneficiary("b", "child")])
    assert [part.amount for part in parts] == [Decimal("150000.00")] * 2


def test_death_is_covered_on_day_180_and_no_longer_on_day_181():
    day = date(2026, 3, 15)
    assert last_benefit_day(day, 180) == date(2026, 9, 11)

    def died(on: str):
        return accident(P1_COVER, one({"kind": "death", "occurred_on": on}, kind="insured_person"), accident_on=day)

    assert died("2026-09-11").payable_amount == Decimal("500000.00")
    late = died("2026-09-12")
    assert late.payable_amount == 0
    assert "2026-09-11" in late.lines[0].explanation.zh


def test_several_injuries_and_medical_of_the_first_accident():
    facts = one(
        {"kind": "disability", "grades": [8, 8, 9]},
        {"kind": "medical", "amount": "18640.80", "other_sources_amount": "9200.00"},
        kind="insured_person",
    )
    sheet = accident(ACCIDENT, facts)
    assert amounts(sheet) == {("A", "disability"): "120000.00", ("A", "medical"): "8406.72"}
    not_priced = accident(ACCIDENT | {"social_deduction_priced": False}, facts)
    assert amounts(not_priced)["A", "medical"] == "16686.72"
    assert "9200.00" in not_priced.lines[1].explanation.en


def test_a_later_accident_on_the_same_limb_deducts_what_was_paid_and_exhausts_the_medical_sum():
    facts = one(
        {"kind": "disability", "grades": [5], "includes_earlier_injury": True},
        {"kind": "medical", "amount": "42000.00", "other_sources_amount": "15000.00"},
        kind="insured_person",
    )
    account = PersonAccount(disability_paid_earlier=Decimal("120000.00"), medical_paid=Decimal("8406.72"))
    sheet = accident(ACCIDENT, facts, accounts={"A": account})
    assert amounts(sheet) == {("A", "disability"): "60000.00", ("A", "medical"): "21593.28"}
    assert sheet.flags == ()
    assert sheet.limits_used == {
        "sum_insured": {"A": Decimal("60000.00")},
        "medical_sum_insured": {"A": Decimal("21593.28")},
    }


def test_a_small_group_accident_bill_pays_eighty_per_cent_above_its_deductible():
    cover = {"medical_sum_insured": "20000.00", "medical_deductible": "200.00", "medical_reimbursement_rate": "0.80"}
    sheet = accident(cover, one({"kind": "medical", "amount": "4285.00"}, kind="insured_person"))
    assert sheet.payable_amount == Decimal("3268.00")
