"""The insured persons of accident policies, with the beneficiaries they named."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any, NamedTuple

from embedded.demonstration.identifiers import Births, invented_resident_id
from embedded.demonstration.names import given_name, person_name, surname

# Staff, customers and contacts take the names before this number.
_NAMES = 20_000
_ADULTS = Births(date(1966, 1, 1), 14_000, 990)
_CLASSES = {"group_accident": (1, 2, 3, 3, 4), "construction_accident": (4, 5, 5, 6), "student_accident": (1,)}


class Group(NamedTuple):
    """The insured of one policy: `first_number` counts the insured of all policies and keeps names and ids apart."""

    product: str
    area_code: str
    first_number: int
    heads: int
    starts_on: date
    ends_on: date
    sum_insured: str


def insured_persons(group: Group, today: date, chance: Random) -> list[dict[str, Any]]:
    """The insured list of a policy; pupils are between seven and sixteen years old on `today`, the others adults."""
    births = _pupils(today) if group.product == "student_accident" else _ADULTS
    return [_insured(group, place, births, chance) for place in range(group.heads)]


def _pupils(today: date) -> Births:
    return Births(date(today.year - 16, 1, 1), 3_280, 990)


def _insured(group: Group, place: int, births: Births, chance: Random) -> dict[str, Any]:
    number = group.first_number + place
    return {
        "ref": f"P-{place + 1:04d}",
        "name": person_name(_NAMES + number),
        "id_type": "resident_id",
        "id_no": invented_resident_id(group.area_code, number, births),
        "occupation_class": chance.choice(_CLASSES[group.product]),
        "from": group.starts_on.isoformat(),
        "to": group.ends_on.isoformat(),
        "sum_insured": group.sum_insured,
        "beneficiaries": _parents(number, chance) if births.first.year > 1990 else _relatives(number, chance),
    }


def _relatives(number: int, chance: Random) -> list[dict[str, Any]]:
    # An employer may name only relatives of the insured (保险法 art. 39); without any the estate takes the sum.
    spouse = {"name": person_name(_NAMES + number + 11_003), "relation": "spouse"}
    child = {"name": surname(_NAMES + number) + given_name(_NAMES + number + 5_501), "relation": "child"}
    draw = chance.random()
    if draw < 0.3:
        return []
    if draw < 0.5:
        return [spouse | {"share": "1.00"}]
    if draw < 0.85:
        return [spouse | {"share": "0.50"}, child | {"share": "0.50"}]
    return [spouse, child]


def _parents(number: int, chance: Random) -> list[dict[str, Any]]:
    father = {"name": surname(_NAMES + number) + given_name(_NAMES + number + 5_501), "relation": "parent"}
    mother = {"name": person_name(_NAMES + number + 11_003), "relation": "parent"}
    return [] if chance.random() < 0.5 else [father, mother]
