"""The body of a policy as the core policy system sends it, written from the few facts that differ."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from embedded.demonstration.cover import LINES
from embedded.demonstration.customers import Profile
from shared.money import yuan

CLAUSES = {
    "employers_liability": ("EX-01", "EX-02"),
    "public_liability": ("EX-03",),
    "work_safety_liability": ("EX-05",),
    "school_liability": ("EX-07",),
    "carrier_liability": ("EX-09",),
    "group_accident": ("EX-11",),
    "construction_accident": ("EX-11", "EX-13"),
    "student_accident": ("EX-15",),
}
"""The exclusion clauses that must be explained, by product (保险法 art. 17)."""


class Contract(NamedTuple):
    """What makes one policy different from another.

    `premium` is yuan for the whole term; `acknowledged_at` is `None` where the customer never signed for the
    exclusions.
    """

    policy_no: str
    product: str
    customer: Profile
    issued_on: date
    starts_on: date
    ends_on: date
    risk_level: str
    premium: Decimal
    insured_count: int
    acknowledged_at: str | None
    insured_persons: list[dict[str, Any]]
    cover: dict[str, Any]
    reinsured: bool = False


def body(contract: Contract, today: date) -> dict[str, Any]:
    """The body of `PUT /v1/core/policies/{policy_no}` with its `policy_no`; expired if the term is over on `today`."""
    expired = contract.ends_on <= today
    return {
        "policy_no": contract.policy_no,
        "core_version": 1,
        "change": {"kind": "issue", "no": contract.policy_no, "reason": None},
        "application_id": None,
        "customer_core_no": contract.customer.core_no,
        "product": contract.product,
        "line": LINES[contract.product],
        "unit_code": contract.customer.area_code,
        "seller_staff_no": contract.customer.manager_staff_no,
        "status": "expired" if expired else "in_force",
        "issued_on": contract.issued_on.isoformat(),
        "starts_at": midnight(contract.starts_on),
        "ends_at": midnight(contract.ends_on),
        "effective_at": midnight(contract.starts_on),
        "ended_at": midnight(contract.ends_on) if expired else None,
        "risk_level": contract.risk_level,
        "reinsured": contract.reinsured,
        "premium": yuan(contract.premium),
        "premium_delta": yuan(contract.premium),
        "refund_amount": "0.00",
        "premium_status": "paid",
        "insured_count": contract.insured_count,
        "exclusions": [_exclusion(clause, contract) for clause in CLAUSES[contract.product]],
        "insured_persons": contract.insured_persons,
        "cover": contract.cover,
    }


def midnight(day: date) -> str:
    """The first instant of a day in Asia/Shanghai."""
    return f"{day.isoformat()}T00:00:00+08:00"


def acknowledged(day: date, hour: int, minute: int) -> str:
    """An instant within office hours, as an acknowledgement bears it."""
    return f"{day.isoformat()}T{hour:02d}:{minute:02d}:00+08:00"


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def days_before(day: date, days: int) -> date:
    """`days` calendar days earlier."""
    return day - timedelta(days=days)


def _exclusion(clause: str, contract: Contract) -> dict[str, Any]:
    # The text of a clause is that of the year in which the policy was issued.
    return {
        "clause_id": clause,
        "text_version": f"{contract.issued_on.year}-01",
        "acknowledged_at": contract.acknowledged_at,
    }
