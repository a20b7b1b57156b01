"""Cover terms by product: an absent limit is no limit, an absent benefit is not covered, an absent deduction none.

Amounts are yuan as strings with two decimals, rates decimal strings.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from shared.money import yuan

LINES = {
    "employers_liability": "liability",
    "public_liability": "liability",
    "work_safety_liability": "liability",
    "school_liability": "liability",
    "carrier_liability": "liability",
    "group_accident": "accident",
    "construction_accident": "accident",
    "student_accident": "accident",
}
"""Product → line."""

# 《人身保险伤残评定标准》(JR/T 0083-2013): ten grades, from 100 % in steps of ten.
ACCIDENT_SCALE = {str(grade): f"{Decimal(11 - grade) / 10:.2f}" for grade in range(1, 11)}
_EMPLOYERS_RATES = ("1.00", "0.80", "0.70", "0.60", "0.50", "0.40", "0.30", "0.20", "0.10", "0.05")
EMPLOYERS_SCALE = {str(grade): rate for grade, rate in enumerate(_EMPLOYERS_RATES, start=1)}


def terms(product: str, chance: Random) -> dict[str, Any]:
    """Plausible terms of a product, drawn from `chance`. Raises `KeyError` for an unknown product."""
    return _TERMS[product](chance)


def employers(death: int, medical: int, aggregate: int) -> dict[str, Any]:
    """Employer's liability by scale: death benefit, medical beside it, lost wages set off against disability."""
    return {
        "basis": "strict",
        "death_benefit_per_person": _money(death),
        "medical_limit_per_person": _money(medical),
        "medical_deductible": "200.00",
        "medical_reimbursement_rate": "0.80",
        "wage_daily_amount": "100.00",
        "wage_waiting_days": 3,
        "wage_max_days": 180,
        "wage_offsets_disability": True,
        "disability_scale": dict(EMPLOYERS_SCALE),
        "aggregate_limit": _money(aggregate),
        "excluded_kinds": ["property"],
    }


def public(accident: int, person: int, aggregate: int, medical: int) -> dict[str, Any]:
    """Public liability by fault: medical inside the limit per person, property deductible the higher of two."""
    return {
        "basis": "fault",
        "limit_per_accident": _money(accident),
        "limit_per_person": _money(person),
        "aggregate_limit": _money(aggregate),
        "medical_limit_per_person": _money(medical),
        "property_deductible_amount": "2000.00",
        "property_deductible_rate": "0.10",
        "property_deductible_rule": "max",
        "expense_limits": {"legal": "200000.00"},
        "own_share": "1.00",
        "allocation": "pro_rata",
    }


def work_safety(person: int, accident: int, aggregate: int) -> dict[str, Any]:
    """Work safety: at least 400,000 per person, medical half of it, each expense a fifth of the aggregate beside it."""
    expense = _money(aggregate // 5)
    return {
        "basis": "strict",
        "limit_per_person": _money(person),
        "limit_per_accident": _money(accident),
        "aggregate_limit": _money(aggregate),
        "medical_limit_per_person": _money(person // 2),
        "non_catalogue_medical_rate": "0.50",
        "expense_limits": {"legal": expense, "rescue": expense, "appraisal": expense},
        "expenses_inside_limit": False,
        "own_share": "1.00",
        "allocation": "injury_first",
    }


def accident(sum_insured: int, medical: int, deductible: int, rate: str, *, social: bool) -> dict[str, Any]:
    """Group accident: sum insured by grade and medical. `social`: the tariff was priced for social insurance."""
    return {
        "sum_insured": _money(sum_insured),
        "disability_scale": dict(ACCIDENT_SCALE),
        "medical_sum_insured": _money(medical),
        "medical_deductible": _money(deductible),
        "medical_reimbursement_rate": rate,
        "social_deduction_priced": social,
        "benefit_days": 180,
    }


def _money(amount: int) -> str:
    return yuan(Decimal(amount))


def _employers(chance: Random) -> dict[str, Any]:
    death = chance.choice((400_000, 600_000, 800_000))
    return employers(death, death // 10, death * chance.choice((5, 10, 20))) | {"own_share": "1.00"}


def _public(chance: Random) -> dict[str, Any]:
    limit = chance.choice((500_000, 1_000_000, 2_000_000, 5_000_000))
    own_share = chance.choice(("1.00", "1.00", "0.60"))
    return public(limit, min(limit // 2, 500_000), limit * 2, 50_000) | {"own_share": own_share}


def _work_safety(chance: Random) -> dict[str, Any]:
    limit = chance.choice((2_000_000, 5_000_000, 10_000_000))
    return work_safety(chance.choice((400_000, 600_000, 800_000)), limit, limit * chance.choice((1, 2, 3)))


def _school(chance: Random) -> dict[str, Any]:
    person = chance.choice((300_000, 500_000))
    return {
        "basis": "fault",
        "limit_per_person": _money(person),
        "limit_per_accident": _money(person * 10),
        "aggregate_limit": _money(person * 20),
        "expense_limits": {"legal": "100000.00"},
        "excluded_kinds": ["property"],
        "allocation": "pro_rata",
    }


def _carrier(chance: Random) -> dict[str, Any]:
    seat = chance.choice((400_000, 500_000, 800_000))
    return {
        "basis": "strict",
        "limit_per_person": _money(seat),
        "medical_limit_per_person": _money(seat // 5),
        "limit_per_accident": _money(seat * 20),
        "expense_limits": {"legal": "100000.00", "rescue": "50000.00"},
        "expenses_inside_limit": False,
        "allocation": "pro_rata",
    }


def _group(chance: Random) -> dict[str, Any]:
    sum_insured = chance.choice((100_000, 200_000, 300_000, 500_000))
    found = accident(sum_insured, sum_insured // 10, 100, chance.choice(("0.80", "0.90")), social=chance.random() < 0.5)
    if chance.random() < 0.5:
        found |= _allowance()
    return found


def _construction(chance: Random) -> dict[str, Any]:
    return accident(chance.choice((300_000, 500_000)), 50_000, 200, "0.80", social=False) | _allowance()


def _student(chance: Random) -> dict[str, Any]:
    # Minors: at most 200,000 of death cover below ten years of age (保险法 art. 33, 保监发〔2015〕90号).
    return accident(chance.choice((50_000, 100_000, 200_000)), 20_000, 100, "0.80", social=True)


def _allowance() -> dict[str, Any]:
    return {"allowance_daily_amount": "50.00", "allowance_waiting_days": 3, "allowance_max_days": 90}


_TERMS = {
    "employers_liability": _employers,
    "public_liability": _public,
    "work_safety_liability": _work_safety,
    "school_liability": _school,
    "carrier_liability": _carrier,
    "group_accident": _group,
    "construction_accident": _construction,
    "student_accident": _student,
}
