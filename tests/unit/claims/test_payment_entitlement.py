"""How what is payable is divided among those entitled to it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.claims.adjustment.rules import Beneficiary
from services.claims.claim.rules import Line
from services.claims.payment import rules
from services.claims.payment.rules import Claimant, PayeeKind

D = Decimal
A, B = Claimant("A", D("600.00"), "司徒海"), Claimant("B", D("400.00"), "令狐云")
FAMILY = (Beneficiary("欧阳江", "spouse", D("0.50")), Beneficiary("欧阳海", "child", D("0.50")))
DEAD = Claimant("P", D("500000.00"), "欧阳岚", dead=True, death_amount=D("300000.00"), beneficiaries=FAMILY)


def right(claimants, kind, name="", ref=None, *, payable="1000.00", expenses="0.00", line=Line.LIABILITY):
    told = rules.entitlements(line, D(payable), claimants, D(expenses))
    return rules.right_of(told, kind, name, ref)


def test_own_share_and_advances_are_borne_by_all_in_proportion_and_the_parts_add_up():
    told = rules.entitlements(Line.LIABILITY, D("155841.21"), [A, B], D("200.00"))
    assert sum((one.amount for one in told.shares), told.expenses) == D("155841.21")
    assert [one.amount for one in told.shares] == [D("77920.61"), D("51947.07")]


def test_a_third_party_has_his_own_share_and_a_stranger_none():
    assert right([A, B], PayeeKind.THIRD_PARTY, "司徒 海").amount == D("600.00")
    with pytest.raises(rules.PayeeNotEntitled):
        right([A, B], PayeeKind.THIRD_PARTY, "公孙路")


def test_the_only_claimant_is_meant_where_names_are_unknown():
    nameless = Claimant("A", D("600.00"))
    assert right([nameless], PayeeKind.THIRD_PARTY, "任何人").claimant_ref == "A"
    with pytest.raises(rules.ClaimantRefRequired) as refused:
        right([nameless, B], PayeeKind.THIRD_PARTY, "任何人")
    assert refused.value.members == {"claimant_refs": ["A", "B"]}
    assert right([nameless, B], PayeeKind.THIRD_PARTY, "任何人", "A").claimant_ref == "A"


def test_a_claimant_who_is_paid_nothing_is_nobody_to_pay():
    nothing = Claimant("Z", D("0.00"), "令狐云")
    assert right([A, nothing], PayeeKind.THIRD_PARTY, "司徒海").claimant_ref == "A"
    with pytest.raises(rules.PayeeNotEntitled):
        right([A, nothing], PayeeKind.THIRD_PARTY, "令狐云", "Z")


def test_expenses_go_to_whoever_billed_them_and_to_nobody_without_them():
    assert right([A], PayeeKind.EXPENSE_CREDITOR, "所", expenses="200.00", payable="800.00").amount == D("200.00")
    with pytest.raises(rules.PayeeNotEntitled):
        right([A], PayeeKind.EXPENSE_CREDITOR, "所", payable="600.00")


def test_the_insured_is_limited_by_the_whole_or_by_the_claimant_he_has_paid():
    assert right([A, B], PayeeKind.INSURED, "岚海商贸").amount is None
    assert right([A, B], PayeeKind.INSURED, "岚海商贸", "B").amount == D("400.00")


def test_beneficiaries_share_the_death_benefit_and_the_estate_takes_what_was_due_before():
    accident = {"payable": "500000.00", "line": Line.ACCIDENT}
    spouse = right([DEAD], PayeeKind.BENEFICIARY, "欧阳江", **accident)
    assert (spouse.amount, spouse.by_name, spouse.pool) == (D("150000.00"), True, {PayeeKind.BENEFICIARY})
    estate = right([DEAD], PayeeKind.HEIR, "欧阳湖", **accident)
    assert (estate.amount, estate.pool) == (D("200000.00"), {PayeeKind.HEIR})
    for kind, name in ((PayeeKind.BENEFICIARY, "欧阳湖"), (PayeeKind.INSURED_PERSON, "欧阳岚")):
        with pytest.raises(rules.PayeeNotEntitled):
            right([DEAD], kind, name, **accident)


def test_who_stands_for_a_dead_or_a_living_claimant_depends_on_that():
    living = Claimant("P", D("1000.00"), "欧阳岚")
    dead = Claimant("P", D("1000.00"), "欧阳岚", dead=True, death_amount=D("1000.00"))
    assert right([living], PayeeKind.GUARDIAN, "欧阳江", line=Line.ACCIDENT).amount == D("1000.00")
    assert right([dead], PayeeKind.HEIR, "欧阳江", line=Line.ACCIDENT).amount == D("1000.00")
    for claimant, kind in ((living, PayeeKind.HEIR), (dead, PayeeKind.GUARDIAN), (living, PayeeKind.BENEFICIARY)):
        with pytest.raises(rules.PayeeNotEntitled):
            right([claimant], kind, "欧阳江", line=Line.ACCIDENT)


def test_claimants_are_read_from_the_stored_sheet():
    sheet = {
        "claimants": [{"ref": "P", "amount": "500000.00"}, {"ref": "Q", "amount": "10.00"}],
        "lines": [
            {"claimant_ref": "P", "kind": "death", "amount": "300000.00"},
            {"claimant_ref": "P", "kind": "disability", "amount": "200000.00"},
            {"claimant_ref": "Q", "kind": "medical", "amount": "10.00"},
        ],
    }
    first, second = rules.claimants_of(sheet, {"P": "欧阳岚"}, {"P": FAMILY})
    assert first == DEAD
    assert second == Claimant("Q", D("10.00"))
