"""The policies the walk-through tells its stories with. Their terms are fixed, only their dates follow `today`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from embedded.demonstration import cover
from embedded.demonstration.contract import Contract, acknowledged, body, days_before, months_after
from embedded.demonstration.customers import DEFAULT_SEED, profile
from embedded.demonstration.draw import rng
from embedded.demonstration.insured import Group, insured_persons
from embedded.demonstration.network import DEFAULT_PROVINCE

_STARTED_DAYS_AGO = 60
# Issued this many days before the start, acknowledged two days before issue.
_ISSUED_DAYS_BEFORE = 4


class _Plot(NamedTuple):
    prefix: str
    serial: int
    customer: int
    product: str
    risk_level: str
    premium: str
    insured_count: int
    cover: dict[str, Any]


def _plots() -> tuple[_Plot, ...]:
    """In the order of their customers.

    1. public liability by fault, medical inside the limit per person, property deductible;
    2. group accident of one person: several injuries, medical with social insurance deducted;
    3. employer's liability by scale, 1,100,000 for the year: one death and two injuries climb to the head office;
    4. group accident of twelve: a cut hand reported at night;
    5. work safety, compulsory, high risk, 5,000,000 per accident: inspections, hazards, key-risk file.
    """
    single = cover.accident(300_000, 30_000, 100, "0.90", social=True)
    workers = cover.employers(600_000, 60_000, 1_100_000)
    night = cover.accident(200_000, 20_000, 200, "0.80", social=False)
    return (
        _Plot("PLL", 1, 1, "public_liability", "medium", "86000.00", 1, _public()),
        _Plot("PPA", 1, 2, "group_accident", "low", "365.00", 1, single | _per_head("365.00")),
        _Plot("PEL", 1, 3, "employers_liability", "medium", "48000.00", 60, workers),
        _Plot("PPA", 2, 4, "group_accident", "low", "2190.00", 12, night | _per_head("182.50")),
        _Plot("PWS", 1, 5, "work_safety_liability", "high", "96000.00", 180, _work_safety()),
    )


def story_policies(today: date, province_code: str = DEFAULT_PROVINCE) -> list[dict[str, Any]]:
    """The five story policies, in force on `today`: they began about two months ago and last a year."""
    return list(_bodies(today, province_code))


def story_policy_numbers(province_code: str = DEFAULT_PROVINCE) -> tuple[str, ...]:
    """The numbers of the story policies in the order of `story_policies`; the same whatever the day is."""
    return tuple(_number(plot, province_code) for plot in _plots())


def _bodies(today: date, province_code: str) -> Iterator[dict[str, Any]]:
    insured_so_far = 0
    for plot in _plots():
        contract = _contract(plot, today, province_code, insured_so_far)
        insured_so_far += len(contract.insured_persons)
        yield body(contract, today)


def _contract(plot: _Plot, today: date, province_code: str, insured_so_far: int) -> Contract:
    starts_on = days_before(today, _STARTED_DAYS_AGO)
    ends_on = months_after(starts_on, 12)
    issued_on = days_before(starts_on, _ISSUED_DAYS_BEFORE)
    # The story customers are the same whatever the seed is.
    customer = profile(plot.customer, DEFAULT_SEED, province_code)
    persons = []
    if plot.product == "group_accident":
        group = Group(
            plot.product,
            customer.area_code,
            insured_so_far,
            plot.insured_count,
            starts_on,
            ends_on,
            plot.cover["sum_insured"],
        )
        persons = insured_persons(group, today, rng("story", plot.prefix, plot.serial))
    return Contract(
        policy_no=_number(plot, province_code),
        product=plot.product,
        customer=customer,
        issued_on=issued_on,
        starts_on=starts_on,
        ends_on=ends_on,
        risk_level=plot.risk_level,
        premium=Decimal(plot.premium),
        insured_count=plot.insured_count,
        acknowledged_at=acknowledged(days_before(issued_on, 2), 10, 0),
        insured_persons=persons,
        cover=plot.cover,
    )


def _number(plot: _Plot, province_code: str) -> str:
    return f"{plot.prefix}2026-{province_code}-{plot.serial:06d}"


def _public() -> dict[str, Any]:
    return cover.public(2_000_000, 500_000, 10_000_000, 50_000)


def _work_safety() -> dict[str, Any]:
    return cover.work_safety(600_000, 5_000_000, 10_000_000)


def _per_head(premium: str) -> dict[str, Any]:
    return {"premium_charged_per_person": premium, "premium_due_per_person": premium}
