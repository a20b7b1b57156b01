"""The policies of the demonstration, as the core policy system would send them.

First come the story policies, then a mixture over eight products: most in force on the day given, some expired, some
yet to begin. Every policy belongs to the sub-branch of its customer and was sold by that unit's sales agent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from embedded.demonstration.contract import Contract, acknowledged, body, days_before, months_after
from embedded.demonstration.cover import LINES, terms
from embedded.demonstration.customers import STORY_CUSTOMERS, Profile, profile
from embedded.demonstration.draw import rng
from embedded.demonstration.insured import Group, insured_persons
from embedded.demonstration.network import DEFAULT_PROVINCE
from embedded.demonstration.story import story_policies
from shared.money import yuan

PREFIXES = {
    "employers_liability": "PEL",
    "public_liability": "PLL",
    "work_safety_liability": "PWS",
    "school_liability": "PSL",
    "carrier_liability": "PCL",
    "group_accident": "PPA",
    "construction_accident": "PCA",
    "student_accident": "PSA",
}
"""Product → letters of the policy number."""

# Serial numbers up to this one are kept for the stories.
_FIRST_SERIAL = 101

_PRODUCTS = {
    "trade": ("public_liability", "public_liability", "employers_liability", "group_accident"),
    "catering": ("public_liability", "public_liability", "employers_liability"),
    "property": ("public_liability", "employers_liability", "group_accident"),
    "manufacturing": ("employers_liability", "employers_liability", "group_accident", "work_safety_liability"),
    "chemical": ("work_safety_liability", "employers_liability", "public_liability"),
    "construction": ("construction_accident", "employers_liability", "work_safety_liability"),
    "school": ("school_liability", "student_accident", "public_liability"),
    "transport": ("carrier_liability", "carrier_liability", "employers_liability"),
    "person": ("student_accident",),
}
_RISKS = {
    "chemical": ("high", "high", "medium"),
    "construction": ("high", "medium", "medium"),
    "transport": ("high", "medium", "medium"),
    "manufacturing": ("medium", "medium", "low", "high"),
}
_HEADS = {
    "employers_liability": (5, 300),
    "public_liability": (1, 1),
    "work_safety_liability": (20, 400),
    "school_liability": (200, 2_500),
    "carrier_liability": (5, 60),
    "group_accident": (3, 20),
    "construction_accident": (8, 60),
    "student_accident": (5, 30),
}
# Yearly premium per head (or per policy of public liability) in hundredths of a yuan, from and to.
_CENTS_PER_HEAD = {
    "employers_liability": (12_000, 60_000),
    "public_liability": (150_000, 4_000_000),
    "work_safety_liability": (15_000, 50_000),
    "school_liability": (300, 1_200),
    "carrier_liability": (9_000, 30_000),
    "group_accident": (9_000, 50_000),
    "construction_accident": (15_000, 45_000),
    "student_accident": (4_000, 12_000),
}


def policies(n: int, seed: int, today: date, province_code: str = DEFAULT_PROVINCE) -> list[dict[str, Any]]:
    """The first `n` policies, each the body of `PUT /v1/core/policies/{policy_no}` with its `policy_no`.

    A longer list begins with the shorter one. Their customers are among `customers(customer_count(n), seed,
    province_code)`. Terms are placed around `today`. Raises `KeyError` for an unknown province.
    """
    return list(_bodies(n, seed, today, province_code))


def customer_count(n: int) -> int:
    """How many customers `n` policies draw on, never more than `n`; some of them have no policy."""
    return min(n, max(STORY_CUSTOMERS, n * 7 // 10))


def _bodies(n: int, seed: int, today: date, province_code: str) -> Iterator[dict[str, Any]]:
    insured_so_far = 0
    for story in story_policies(today, province_code)[:n]:
        insured_so_far += len(story["insured_persons"])
        yield story
    serials: Counter[str] = Counter()
    for number in range(STORY_CUSTOMERS + 1, n + 1):
        chance = rng(seed, "policy", number)
        customer = profile(_customer_number(number, chance), seed, province_code)
        product = chance.choice(_PRODUCTS[customer.sector])
        serial = f"{province_code}-{_FIRST_SERIAL + serials[product]:06d}"
        serials[product] += 1
        contract = _contract(chance, customer, product, serial, today, insured_so_far)
        insured_so_far += len(contract.insured_persons)
        yield body(contract, today)


def _customer_number(number: int, chance: Random) -> int:
    # Drawn from those a list of this length has; early customers come up often and grow into key accounts.
    last = customer_count(number)
    return last if last <= STORY_CUSTOMERS else chance.randint(STORY_CUSTOMERS + 1, last)


def _contract(
    chance: Random, customer: Profile, product: str, serial: str, today: date, insured_so_far: int
) -> Contract:
    starts_on = today + timedelta(days=_offset(chance))
    ends_on = months_after(starts_on, chance.choice((12, 18, 24)) if product == "construction_accident" else 12)
    issued_on = min(days_before(starts_on, chance.randint(1, 20)), days_before(today, 1))
    heads = 1 if customer.sector == "person" else chance.randint(*_HEADS[product])
    per_head = Decimal(chance.randrange(*_CENTS_PER_HEAD[product], 50)) / 100
    cover = terms(product, chance)
    persons: list[dict[str, Any]] = []
    if LINES[product] == "accident":
        cover |= _per_head(per_head, chance)
        group = Group(product, customer.area_code, insured_so_far, heads, starts_on, ends_on, cover["sum_insured"])
        persons = insured_persons(group, today, chance)
    return Contract(
        policy_no=f"{PREFIXES[product]}{issued_on.year}-{serial}",
        product=product,
        customer=customer,
        issued_on=issued_on,
        starts_on=starts_on,
        ends_on=ends_on,
        risk_level=chance.choice(_RISKS.get(customer.sector, ("low", "low", "medium"))),
        premium=per_head * heads,
        insured_count=heads,
        acknowledged_at=_acknowledged_at(issued_on, chance),
        insured_persons=persons,
        cover=cover,
        reinsured=cover.get("limit_per_accident") == "10000000.00",
    )


def _offset(chance: Random) -> int:
    """Days from today to the start: 14 % a term that is over or nearly, 78 % a running one, 8 % a future one."""
    draw = chance.random()
    if draw < 0.14:
        return -chance.randint(360, 700)
    if draw < 0.92:
        return -chance.randint(0, 340)
    return chance.randint(1, 45)


def _acknowledged_at(issued_on: date, chance: Random) -> str | None:
    day, hour, minute = days_before(issued_on, chance.randint(1, 5)), chance.randint(9, 16), chance.randrange(0, 60, 5)
    # A few customers never signed for the exclusions: those clauses are void (保险法 art. 17).
    return None if chance.random() < 0.03 else acknowledged(day, hour, minute)


def _per_head(charged: Decimal, chance: Random) -> dict[str, Any]:
    # A few groups were charged for a lower occupation class than they work in: benefits are then paid in proportion.
    due = charged * Decimal("1.25") if chance.random() < 0.04 else charged
    return {"premium_charged_per_person": yuan(charged), "premium_due_per_person": yuan(due)}
