"""Lines set by hand, sub-limits by head, misstated age or occupation, every head of loss, citations."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from services.claims.adjustment.rules import Basis, Override, calculate, read_facts, read_overrides
from services.claims.adjustment.rules import refusals as refused
from services.claims.adjustment.rules.clauses import Clauses, read_exclusions
from services.claims.adjustment.rules.explanation import KIND_NAMES
from services.claims.adjustment.rules.losses import LOSS_KINDS
from tests.support.calculations import ACCIDENT, L1_FACTS, PUBLIC, accident, amounts, liability, one


def by_hand(ref: str | None, kind: str, amount: str, reason: str = "发票重复") -> Override:
    return Override(ref, kind, Decimal(amount), reason, "#/overrides/0")


def test_a_line_set_by_hand_pays_what_was_set_and_says_why():
    sheet = liability(PUBLIC, L1_FACTS, overrides=[by_hand("B", "medical", "12000.00")])
    assert amounts(sheet)["B", "medical"] == "12000.00"
    assert sheet.gross_amount == Decimal("259735.35") - Decimal("845.35")
    assert sheet.flags == ("manual_override",)
    line = next(each for each in sheet.lines if (each.claimant_ref, each.kind) == ("B", "medical"))
    assert "人工调整：由12845.35元改为12000.00元，理由：发票重复" in line.explanation.zh
    assert "overridden by hand from 12845.35 to 12000.00, because: 发票重复" in line.explanation.en


def test_two_lines_of_one_head_share_the_amount_that_was_set():
    facts = one({"kind": "nursing", "amount": "300.00"}, {"kind": "nursing", "amount": "100.00"})
    sheet = liability({}, facts, overrides=[by_hand("A", "nursing", "200.00")])
    assert [each.amount for each in sheet.lines] == [Decimal("150.00"), Decimal("50.00")]


@pytest.mark.parametrize(
    ("override", "refusal"),
    [
        (by_hand("Z", "medical", "1.00"), refused.OverrideWithoutLine),
        (by_hand(None, "rescue", "1.00"), refused.OverrideWithoutLine),
        (by_hand("B", "lost_wages", "4200.01"), refused.OverrideAboveLoss),
        (by_hand("A", "medical", "60000.00"), refused.OverrideAboveLimit),
    ],
)
def test_no_override_goes_beyond_the_loss_the_cover_or_a_limit(override, refusal):
    with pytest.raises(refusal):
        liability(PUBLIC, L1_FACTS, overrides=[override])


@pytest.mark.parametrize(
    ("cover", "kind", "limit"),
    [
        ({"limit_per_person": "500.00"}, "nursing", "limit_per_person"),
        ({"limit_per_accident": "500.00"}, "nursing", "limit_per_accident"),
        ({"aggregate_limit": "500.00"}, "nursing", "aggregate_limit"),
        ({"sub_limits": {"nursing": "500.00"}}, "nursing", "sub_limits"),
        ({"medical_limit_per_person": "500.00"}, "nutrition", "medical_limit_per_person"),
    ],
)
def test_each_limit_stops_an_override_a_cent_above_it(cover, kind, limit):
    facts = one({"kind": kind, "amount": "1000.00"})
    assert liability(cover, facts, overrides=[by_hand("A", kind, "500.00")]).gross_amount == Decimal("500.00")
    with pytest.raises(refused.OverrideAboveLimit) as told:
        liability(cover, facts, overrides=[by_hand("A", kind, "500.01")])
    assert told.value.members["limit_name"] == limit


def test_an_expense_set_by_hand_stays_within_its_own_limit():
    facts = one({"kind": "nursing", "amount": "1000.00"}) | {"expenses": [{"kind": "legal", "amount": "900.00"}]}
    cover = {"expense_limits": {"legal": "500.00"}}
    assert liability(cover, facts, overrides=[by_hand(None, "legal", "400.00")]).expense_amount == Decimal("400.00")
    with pytest.raises(refused.OverrideAboveLimit):
        liability(cover, facts, overrides=[by_hand(None, "legal", "500.01")])


def test_an_accident_benefit_set_by_hand_stays_within_the_sums_of_the_person():
    facts = one({"kind": "disability", "grade": 7}, {"kind": "medical", "amount": "90000.00"}, kind="insured_person")
    assert accident(ACCIDENT, facts, overrides=[by_hand("A", "disability", "300000.00")]).flags == ("manual_override",)
    for kind, amount in (("disability", "300000.01"), ("medical", "30000.01")):
        with pytest.raises(refused.OverrideAboveLimit):
            accident(ACCIDENT, facts, overrides=[by_hand("A", kind, amount)])


def test_where_the_policy_was_not_in_force_nothing_can_be_set_by_hand():
    facts = one({"kind": "nursing", "amount": "100.00"})
    basis = Basis("liability", {}, [], facts, False, date(2026, 3, 15), overrides=(by_hand("A", "nursing", "1.00"),))
    with pytest.raises(refused.OverrideWithoutLine):
        calculate(basis)
    assert calculate(replace(basis, overrides=())).sheet.gross_amount == 0


def test_stored_overrides_are_read_as_they_were_set():
    stored = [{"claimant_ref": "A", "kind": "nursing", "amount": "10.00", "reason": "核减"}]
    assert read_overrides(stored) == (Override("A", "nursing", Decimal("10.00"), "核减", "#/overrides/0"),)


def test_a_sub_limit_holds_for_its_head_and_each_person():
    cover = {"sub_limits": {"nursing": "500.00", "property": "300.00"}}
    facts = one(
        {"kind": "nursing", "amount": "600.00"}, {"kind": "property", "amount": "400.00"},
        {"kind": "transport", "amount": "50.00"},
    )  # fmt: skip
    sheet = liability(cover, facts)
    assert [each.amount for each in sheet.lines] == [Decimal("500.00"), Decimal("300.00"), Decimal("50.00")]
    assert sheet.limits_used["sub_limits"] == {"A/nursing": Decimal("500.00"), "A/property": Decimal("300.00")}


# ------------------------------------------------------------------------------- misstated age or occupation


@pytest.mark.parametrize(("misstated", "words"), [("age", "年龄误告"), ("occupation", "职业误告")])
def test_a_misstated_person_is_paid_in_proportion_line_by_line(misstated, words):
    told = {"misstated": misstated, "premium_charged": "200.00", "premium_due": "300.00"}
    losses = ({"kind": "disability", "grade": 7}, {"kind": "medical", "amount": "1000.01"})
    sheet = accident(ACCIDENT, one(*losses, kind="insured_person", **told))
    # 120,000 × 2/3 and (1,000.01 − 100) × 0.9 = 810.01, × 2/3 = 540.0067
    assert [each.amount for each in sheet.lines] == [Decimal("80000.00"), Decimal("540.01")]
    assert all(words in each.explanation.zh for each in sheet.lines)


def test_too_much_premium_reduces_nothing():
    told = {"misstated": "age", "premium_charged": "300.00", "premium_due": "200.00"}
    sheet = accident(ACCIDENT, one({"kind": "disability", "grade": 7}, kind="insured_person", **told))
    assert sheet.gross_amount == Decimal("120000.00")


@pytest.mark.parametrize(
    "told",
    [
        {"misstated": "age"},
        {"misstated": "age", "premium_charged": "1.00"},
        {"misstated": "age", "premium_charged": "1.00", "premium_due": "0.00"},
        {"misstated": "height", "premium_charged": "1.00", "premium_due": "2.00"},
        {"premium_charged": "1.00", "premium_due": "2.00"},
    ],
)
def test_a_misstatement_is_told_whole_or_not_at_all(told):
    with pytest.raises(refused.MisstatementIncomplete):
        read_facts("accident", one(kind="insured_person", **told))


# ------------------------------------------------------------------------------------------ heads and clauses

CIVIL_CODE_1179_1183 = {
    "medical", "non_catalogue_medical", "follow_up_treatment", "nursing", "nutrition", "hospital_meals", "transport",
    "accommodation", "lost_wages", "disability_compensation", "assistive_device", "death_compensation", "funeral",
    "dependants_living", "mental_distress", "property",
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(CIVIL_CODE_1179_1183))
def test_every_head_of_damages_is_paid_as_assessed_and_named_in_both_languages(kind):
    sheet = liability({}, one({"kind": kind, "amount": "1234.56"}))
    (line,) = sheet.lines
    assert line.amount == Decimal("1234.56")
    assert line.explanation.zh.startswith(KIND_NAMES[kind].zh)
    assert line.explanation.en.startswith(KIND_NAMES[kind].en)


def test_the_heads_of_the_civil_code_and_the_scale_are_all_the_heads_there_are():
    assert LOSS_KINDS["liability"] == CIVIL_CODE_1179_1183 | {"death", "disability"}


def test_the_living_of_dependants_stands_beside_the_compensation_on_a_line_of_its_own():
    facts = one({"kind": "death_compensation", "amount": "900.00"}, {"kind": "dependants_living", "amount": "100.00"})
    assert amounts(liability({}, facts)) == {
        ("A", "death_compensation"): "900.00",
        ("A", "dependants_living"): "100.00",
    }


def test_every_line_names_the_clause_of_the_cover_the_head_and_the_terms_that_bit():
    exclusions = [{"clause_id": "EX-03", "acknowledged_at": "2026-03-12T10:00:00+08:00"}]
    by_term = {"insuring": ("C-01",), "nursing": ("C-05",), "medical_deductible": ("EX-03",)}
    clauses = Clauses(read_exclusions(exclusions), by_term)
    facts = one({"kind": "nursing", "amount": "10.00"}, {"kind": "medical", "amount": "500.00"})
    nursing, medical = liability({"medical_deductible": "200.00"}, facts, clauses=clauses).lines
    assert (nursing.clause_ids, nursing.terms) == (("C-05", "C-01"), ())
    assert (medical.clause_ids, medical.terms) == (("EX-03", "C-01"), ("medical_deductible",))
