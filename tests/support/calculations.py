"""Cover terms and assessed facts of the worked examples, in the JSON shapes of policy and loss assessment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from services.claims.adjustment.rules import (
    Sheet,
    calculate_accident,
    calculate_liability,
    read_accident_cover,
    read_exclusions,
    read_facts,
    read_liability_cover,
)
from services.claims.adjustment.rules.clauses import Clauses

PUBLIC: dict[str, Any] = {
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
EMPLOYERS: dict[str, Any] = {
    "basis": "strict",
    "death_benefit_per_person": "600000.00",
    "medical_limit_per_person": "60000.00",
    "medical_deductible": "200.00",
    "medical_reimbursement_rate": "0.80",
    "wage_daily_amount": "100.00",
    "wage_waiting_days": 3,
    "wage_max_days": 180,
    "wage_offsets_disability": True,
    "disability_scale": {
        "1": "1.00",
        "2": "0.80",
        "3": "0.70",
        "4": "0.60",
        "5": "0.50",
        "6": "0.40",
        "7": "0.30",
        "8": "0.20",
        "9": "0.10",
        "10": "0.05",
    },
    "aggregate_limit": "1100000.00",
    "excluded_kinds": ["property"],
}
SCALE: dict[str, str] = {str(grade): f"{Decimal(11 - grade) / 10:.2f}" for grade in range(1, 11)}
ACCIDENT: dict[str, Any] = {
    "sum_insured": "300000.00",
    "disability_scale": SCALE,
    "medical_sum_insured": "30000.00",
    "medical_deductible": "100.00",
    "medical_reimbursement_rate": "0.90",
    "social_deduction_priced": True,
    "benefit_days": 180,
    "premium_charged_per_person": "365.00",
    "premium_due_per_person": "365.00",
}
ACKNOWLEDGED = Clauses(
    read_exclusions([{"clause_id": "EX-03", "text_version": "2026-01", "acknowledged_at": "2026-03-12T10:00:00+08:00"}])
)
L1_FACTS: dict[str, Any] = {
    "liability_form": "several",
    "fault_ratio": "0.70",
    "claimants": [
        {
            "ref": "A",
            "kind": "third_party",
            "losses": [
                {"kind": "medical", "amount": "86400.00"},
                {"kind": "lost_wages", "amount": "12000.00"},
                {"kind": "disability_compensation", "amount": "240000.00"},
            ],
        },
        {
            "ref": "B",
            "kind": "third_party",
            "losses": [{"kind": "medical", "amount": "18350.50"}, {"kind": "lost_wages", "amount": "4200.00"}],
        },
        {"ref": "C", "kind": "third_party", "losses": [{"kind": "property", "amount": "6500.00"}]},
    ],
    "expenses": [{"kind": "legal", "amount": "15000.00"}],
}
L2_FACTS: dict[str, Any] = {
    "claimants": [
        {
            "ref": "W1",
            "kind": "employee",
            "losses": [{"kind": "death"}, {"kind": "medical", "amount": "32000.00"}],
        },
        {
            "ref": "W2",
            "kind": "employee",
            "losses": [
                {"kind": "disability", "grade": 4},
                {"kind": "lost_wages", "days": 200},
                # the worked bill: (85,000 − 200) × 0.8 = 67,840
                {"kind": "medical", "amount": "85000.00"},
            ],
        },
        {
            "ref": "W3",
            "kind": "employee",
            "losses": [
                {"kind": "disability", "grade": 10},
                {"kind": "lost_wages", "days": 45},
                {"kind": "medical", "amount": "9800.00"},
            ],
        },
    ],
}


def one(*losses: dict[str, Any], kind: str = "third_party", **claimant: Any) -> dict[str, Any]:
    """Facts with the one claimant `A`."""
    return {"fault_ratio": "1.00", "claimants": [{"ref": "A", "kind": kind, "losses": list(losses), **claimant}]}


def liability(cover: dict[str, Any], facts: dict[str, Any], **given: Any) -> Sheet:
    """The liability sheet of `cover` and `facts`, the exclusions acknowledged unless `clauses` says otherwise."""
    given.setdefault("clauses", ACKNOWLEDGED)
    return calculate_liability(read_liability_cover(cover), read_facts("liability", facts), **given)


def accident(cover: dict[str, Any], facts: dict[str, Any], **given: Any) -> Sheet:
    """The accident sheet of `cover` and `facts`, the exclusions acknowledged unless `clauses` says otherwise."""
    given.setdefault("clauses", ACKNOWLEDGED)
    return calculate_accident(read_accident_cover(cover), read_facts("accident", facts), **given)


def amounts(sheet: Sheet) -> dict[tuple[str | None, str], str]:
    """The lines as (claimant, kind) → amount."""
    return {(line.claimant_ref, line.kind): f"{line.amount:.2f}" for line in sheet.lines}


def by_claimant(sheet: Sheet) -> dict[str, str]:
    """The claimants' totals."""
    return {total.ref: f"{total.amount:.2f}" for total in sheet.claimants}
