"""Laws of the calculation: more loss or more limit never pays less, order is nothing, splitting changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.claims.adjustment.rules import Basis, Entry, calculate
from tests.support.calculations import ACCIDENT, EMPLOYERS, L1_FACTS, L2_FACTS, PUBLIC, SCALE, liability, one

CENT = Decimal("0.01")
EXCLUSIONS = [{"clause_id": "EX-03", "acknowledged_at": "2026-01-12T10:00:00+08:00"}]
money = st.integers(0, 30_000_000).map(lambda cents: f"{Decimal(cents) / 100:.2f}")
rates = st.integers(0, 100).map(lambda share: f"{Decimal(share) / 100:.2f}")
DAMAGES = ["medical", "non_catalogue_medical", "nutrition", "nursing", "property", "mental_distress"]
LIMITS = ("limit_per_accident", "limit_per_person", "aggregate_limit", "medical_limit_per_person")
covers = st.fixed_dictionaries(
    {},
    optional={
        **{name: money for name in (*LIMITS, "death_benefit_per_person", "medical_deductible", "wage_daily_amount")},
        "property_deductible_amount": money,
        "property_deductible_rate": rates,
        "property_deductible_rule": st.sampled_from(["max", "sum"]),
        "medical_reimbursement_rate": rates,
        "non_catalogue_medical_rate": rates,
        "wage_offsets_disability": st.booleans(),
        "disability_scale": st.just(SCALE),
        "sub_limits": st.fixed_dictionaries({}, optional={"nursing": money, "property": money}),
        "expense_limits": st.fixed_dictionaries({}, optional={"legal": money, "rescue": money}),
        "expenses_inside_limit": st.booleans(),
        "allocation": st.sampled_from(["pro_rata", "injury_first"]),
    },
)
damages = st.fixed_dictionaries({"kind": st.sampled_from(DAMAGES), "amount": money})
losses = st.one_of(
    damages,
    st.fixed_dictionaries({"kind": st.just("disability"), "grade": st.integers(1, 10)}),
    st.fixed_dictionaries({"kind": st.just("lost_wages"), "days": st.integers(0, 200)}),
)
people = st.lists(st.lists(losses, min_size=1, max_size=4), min_size=1, max_size=4)


def facts_of(groups: list[list[dict[str, Any]]], expenses: list[dict[str, Any]] = ()) -> dict[str, Any]:  # type: ignore[assignment]
    claimants = [{"ref": f"R{at}", "kind": "third_party", "losses": own} for at, own in enumerate(groups)]
    return {"fault_ratio": "0.70", "claimants": claimants, "expenses": list(expenses)}


def basis(cover: dict[str, Any], facts: dict[str, Any], line: str = "liability") -> Basis:
    refs = {each["ref"]: f"id:{each['ref']}" for each in facts["claimants"]}
    return Basis(line, cover, EXCLUSIONS, facts, True, date(2026, 3, 15), keys=refs)


def one_after_another(cover: dict[str, Any], claims: list[dict[str, Any]], line: str = "liability") -> list[Any]:
    """The sheets of several claims of one accident, each decided before the next is calculated."""
    entries: list[Entry] = []
    sheets = []
    for facts in claims:
        told = basis(cover, facts, line)
        made = calculate(replace(told, entries=tuple(entries)))
        sheets.append(made.sheet)
        for taken in made.taken:
            ref = taken.claimant_ref
            who, _, head = (ref or "").partition("/")
            key = None if ref is None else told.keys.get(who, who) + (f"/{head}" if head else "")
            entries.append(Entry(taken.limit_name, taken.amount, key, True))
    return sheets


@settings(max_examples=200)
@given(covers, people, st.randoms(use_true_random=False))
def test_the_order_of_the_claimants_changes_no_amount(cover, groups, random):
    facts = facts_of(groups)
    shuffled = facts | {"claimants": random.sample(facts["claimants"], len(groups))}
    first, second = liability(cover, facts), liability(cover, shuffled)
    assert first.gross_amount == second.gross_amount
    assert {each.ref: each.amount for each in first.claimants} == {each.ref: each.amount for each in second.claimants}


@settings(max_examples=300)
@given(covers, people, st.data(), money)
def test_a_greater_loss_among_others_never_pays_less(cover, groups, data, more):
    who = data.draw(st.integers(0, len(groups) - 1))
    at = data.draw(st.integers(0, len(groups[who]) - 1))
    if "amount" not in groups[who][at]:
        return
    greater = [list(own) for own in groups]
    raised = f"{Decimal(groups[who][at]['amount']) + Decimal(more):.2f}"
    greater[who][at] = groups[who][at] | {"amount": raised}
    before, after = liability(cover, facts_of(groups)), liability(cover, facts_of(greater))
    # each line is rounded by itself: half a cent for each of them is all that rounding can take
    assert before.gross_amount <= after.gross_amount + CENT * len(before.lines)


@settings(max_examples=300)
@given(covers, people, st.sampled_from(LIMITS), money)
def test_a_greater_limit_never_pays_less(cover, groups, limit, more):
    if limit not in cover:
        return
    wider = cover | {limit: f"{Decimal(cover[limit]) + Decimal(more):.2f}"}
    before, after = liability(cover, facts_of(groups)), liability(wider, facts_of(groups))
    assert before.gross_amount <= after.gross_amount + CENT * len(before.lines)


@settings(max_examples=300)
@given(covers, people, st.lists(money, max_size=2), st.integers(0, 4))
def test_splitting_an_accident_into_claims_changes_no_total(cover, groups, bills, cut_at):
    expenses = [{"kind": kind, "amount": amount} for kind, amount in zip(("legal", "rescue"), bills, strict=False)]
    whole = facts_of(groups, expenses)
    parts = [
        whole | {"claimants": whole["claimants"][:cut_at], "expenses": expenses[:1]},
        whole | {"claimants": whole["claimants"][cut_at:], "expenses": expenses[1:]},
    ]
    together = calculate(basis(cover, whole)).sheet.gross_amount
    assert sum(sheet.gross_amount for sheet in one_after_another(cover, parts)) == together


def test_the_rate_of_the_property_deductible_is_of_the_whole_accident_also_in_two_claims():
    cover = {"property_deductible_amount": "2000.00", "property_deductible_rate": "0.10"}
    parts = [facts_of([[{"kind": "property", "amount": "15000.00"}]]) | {"fault_ratio": "1.00"} for _ in range(2)]
    parts[1]["claimants"][0]["ref"] = "S"
    first, second = one_after_another(cover, parts)
    assert (first.gross_amount, second.gross_amount) == (Decimal("13000.00"), Decimal("14000.00"))


@settings(max_examples=100)
@given(st.integers(0, 3))
def test_the_worked_accidents_are_the_same_in_two_claims(cut_at):
    for cover, facts in ((PUBLIC, L1_FACTS), (EMPLOYERS, L2_FACTS)):
        parts = [
            facts | {"claimants": facts["claimants"][:cut_at]},
            facts | {"claimants": facts["claimants"][cut_at:], "expenses": []},
        ]
        whole = calculate(basis(cover, facts)).sheet.gross_amount
        assert sum(sheet.gross_amount for sheet in one_after_another(cover, parts)) == whole


@settings(max_examples=200)
@given(st.lists(st.tuples(money, money), min_size=2, max_size=4), st.integers(1, 3))
def test_splitting_an_accident_policy_by_persons_changes_no_total(bills, cut_at):
    claimants = [
        {"ref": f"R{at}", "kind": "insured_person", "losses": [
            {"kind": "medical", "amount": bill, "other_sources_amount": social}, {"kind": "disability", "grade": 7}
        ]}
        for at, (bill, social) in enumerate(bills)
    ]  # fmt: skip
    whole = {"claimants": claimants}
    parts = [{"claimants": claimants[:cut_at]}, {"claimants": claimants[cut_at:]}]
    together = calculate(basis(ACCIDENT, whole, "accident")).sheet.gross_amount
    split = one_after_another(ACCIDENT, parts, "accident")
    assert sum(sheet.gross_amount for sheet in split) == together


def test_property_damage_has_no_part_in_the_limit_of_a_person():
    cover = {"limit_per_person": "1000.00", "property_deductible_amount": "500.00"}
    injured = one({"kind": "nursing", "amount": "2000.00"})
    both = one({"kind": "nursing", "amount": "2000.00"}, {"kind": "property", "amount": "1500.00"})
    assert liability(cover, injured).gross_amount == Decimal("1000.00")
    assert liability(cover, both).gross_amount == Decimal("2000.00")
