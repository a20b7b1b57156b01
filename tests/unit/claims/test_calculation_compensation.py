"""Years of compensation by age, statutory figures, and the split among beneficiaries."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.claims.adjustment.rules import (
    Beneficiary,
    CompensationYears,
    read_compensation_figures,
    split_among_beneficiaries,
)
from services.claims.adjustment.rules import refusals as refused
from tests.support.calculations import amounts, liability, one

YEARS = CompensationYears(full_years=20, reduced_from_age=60, floor_from_age=75, floor_years=5)
ENTRY = {
    "yearly_income": "50000.00",
    "monthly_wage": "8000.00",
    "funeral_months": 6,
    "years": {"full_years": 20, "reduced_from_age": 60, "floor_from_age": 75, "floor_years": 5},
    "grade_shares": {"1": "1.00", "7": "0.40", "10": "0.10"},
}
FIGURES = {"32": read_compensation_figures(ENTRY)}
COVER = {"basis": "fault"}


@pytest.mark.parametrize(
    ("age", "years"), [(0, 20), (59, 20), (60, 20), (61, 19), (70, 10), (74, 6), (75, 5), (76, 5), (99, 5)]
)
def test_the_years_of_compensation_fall_from_sixty_and_end_at_five(age, years):
    assert YEARS.at_age(age) == years


def test_compensation_left_open_is_worked_out_from_age_province_and_grade():
    losses = [{"kind": "death_compensation"}, {"kind": "funeral"}]
    sheet = liability(COVER, one(*losses, age_at_loss=70, province="32"), figures=FIGURES)
    assert amounts(sheet) == {("A", "death_compensation"): "500000.00", ("A", "funeral"): "48000.00"}
    assert "10年" in sheet.lines[0].explanation.zh
    disabled = liability(
        COVER,
        one({"kind": "disability_compensation", "grade": 7}, age_at_loss=75, province="32"),
        figures=FIGURES,
    )
    assert disabled.gross_amount == Decimal("100000.00")
    assert disabled.flags == ()


def test_dependants_living_is_a_line_of_its_own_beside_the_compensation():
    losses = [{"kind": "death_compensation"}, {"kind": "dependants_living", "amount": "60000.00"}]
    sheet = liability(COVER, one(*losses, age_at_loss=40, province="32"), figures=FIGURES)
    assert sheet.gross_amount == Decimal("1060000.00")


def test_compensation_with_neither_amount_nor_figures_is_refused():
    for facts in (
        one({"kind": "death_compensation"}, age_at_loss=70, province="11"),
        one({"kind": "death_compensation"}, province="32"),
        one({"kind": "disability_compensation"}, age_at_loss=70, province="32"),
    ):
        with pytest.raises(refused.AmountMissing):
            liability(COVER, facts, figures=FIGURES)


def test_twenty_years_at_seventy_are_flagged():
    loss = {"kind": "death_compensation", "amount": "1000000.00"}
    old = liability(COVER, one(loss, age_at_loss=70, province="32"), figures=FIGURES)
    assert old.flags == ("compensation_above_statutory",)
    assert liability(COVER, one(loss, age_at_loss=50, province="32"), figures=FIGURES).flags == ()


def test_an_incomplete_entry_of_figures_is_refused():
    with pytest.raises(refused.CoverTermInvalid):
        read_compensation_figures({name: value for name, value in ENTRY.items() if name != "monthly_wage"})


def split(amount, *beneficiaries):
    return [(part.name, str(part.amount)) for part in split_among_beneficiaries(Decimal(amount), beneficiaries)]


def test_beneficiaries_without_shares_have_equal_parts_to_the_cent():
    people = [Beneficiary(name) for name in "abc"]
    assert split("100.00", *people) == [("a", "33.34"), ("b", "33.33"), ("c", "33.33")]


def test_agreed_shares_hold_and_the_rest_is_shared_equally():
    assert split("100.00", Beneficiary("a", share=Decimal("0.3")), Beneficiary("b", share=Decimal("0.7"))) == [
        ("a", "30.00"),
        ("b", "70.00"),
    ]
    assert split("100.00", Beneficiary("a", share=Decimal("0.5")), Beneficiary("b"), Beneficiary("c")) == [
        ("a", "50.00"),
        ("b", "25.00"),
        ("c", "25.00"),
    ]


def test_the_share_of_one_who_died_first_goes_to_the_others_in_proportion():
    people = [
        Beneficiary("a", share=Decimal("0.5"), entitled=False),
        Beneficiary("b", share=Decimal("0.3")),
        Beneficiary("c", share=Decimal("0.2")),
    ]
    assert split("100.00", *people) == [("b", "60.00"), ("c", "40.00")]


def test_the_estate_receives_where_no_beneficiary_is_left():
    [part] = split_among_beneficiaries(Decimal("100.00"), [])
    assert (part.kind, part.name, part.amount) == ("estate", None, Decimal("100.00"))
    [part] = split_among_beneficiaries(Decimal("100.00"), [Beneficiary("a", entitled=False)])
    assert part.kind == "estate"


@pytest.mark.parametrize("shares", [["0.5", "0.6"], ["0.5"], ["1.0", None], ["0", "1"], ["-0.5", "1.5"]])
def test_shares_that_make_no_whole_are_refused(shares):
    people = [Beneficiary("x", share=None if share is None else Decimal(share)) for share in shares]
    with pytest.raises(refused.BeneficiarySharesInvalid):
        split_among_beneficiaries(Decimal("100.00"), people)
