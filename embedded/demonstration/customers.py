"""The customers of the demonstration, as the core policy system would send them.

The first five belong to the story policies. A customer depends on its number, the seed and the province alone, so a
longer list begins with the shorter one.
"""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any, NamedTuple

from embedded.demonstration.divisions import district, place
from embedded.demonstration.draw import rng
from embedded.demonstration.identifiers import Births, invented_phone, invented_resident_id, invented_uscc
from embedded.demonstration.names import MARK, organisation_name, person_name
from embedded.demonstration.network import DEFAULT_PROVINCE, story_units, sub_branch_codes, team_code
from embedded.demonstration.people import sales_agent_of

DEFAULT_SEED = 32

# Staff take the names from 0, persons as customers and as contacts from here.
_PERSON_NAMES = 10_000
_CONTACT_NAMES = 15_000
_BIRTHS = Births(date(1966, 1, 1), 12_000, 980)

_TRADES = {
    "trade": ("商贸有限公司", "百货有限公司"),
    "catering": ("餐饮有限公司", "食府有限公司"),
    "property": ("物业服务有限公司",),
    "manufacturing": ("精密构件有限公司", "机械有限公司", "纺织有限公司"),
    "chemical": ("化工有限公司", "涂料有限公司"),
    "construction": ("建设工程有限公司", "装饰工程有限公司"),
    "school": ("实验小学", "中学", "幼儿园"),
    "transport": ("客运有限公司",),
}
_SHARE = {
    "trade": 22,
    "catering": 10,
    "property": 8,
    "manufacturing": 20,
    "chemical": 6,
    "construction": 10,
    "school": 9,
    "transport": 5,
    "person": 10,
}
_CHANNELS = ("phone", "phone", "app", "web", "email", "visit")


class Profile(NamedTuple):
    """What a policy needs to know of its customer; `sector` is `person` for a natural person."""

    number: int
    core_no: str
    sector: str
    name: str
    area_code: str
    manager_staff_no: str


# Name, sector, and the place of the unit among the three sub-branches of the story.
_STORY = (
    ("岚海商贸有限公司", "trade", 0),
    ("北苑岚汀机械有限公司", "manufacturing", 2),
    ("石桥构件有限公司", "manufacturing", 1),
    ("北苑岚渡纺织有限公司", "manufacturing", 2),
    ("岚江化工有限公司", "chemical", 0),
)
STORY_CUSTOMERS = len(_STORY)


def customers(n: int, seed: int = DEFAULT_SEED, province_code: str = DEFAULT_PROVINCE) -> list[dict[str, Any]]:
    """The first `n` customers, each the body of `PUT /v1/core/customers/{core_no}` with its `core_no`.

    Names are distinct for `n` up to 9,000, telephone numbers up to 5,000. Raises `KeyError` for an unknown province.
    """
    return [_body(profile(number, seed, province_code), seed) for number in range(1, n + 1)]


def profile(number: int, seed: int = DEFAULT_SEED, province_code: str = DEFAULT_PROVINCE) -> Profile:
    """Customer `number` (≥ 1): sector, name and serving unit, which is the sub-branch of the customer's county."""
    if number <= STORY_CUSTOMERS:
        name, sector, place_of_unit = _STORY[number - 1]
        area = story_units(province_code).sub_branches[place_of_unit]
        return _profile(number, sector, name + MARK, area, province_code)
    chance = rng(seed, "customer", number)
    sector = chance.choices(list(_SHARE), list(_SHARE.values()))[0]
    area = _area(chance, province_code)
    if sector == "person":
        return _profile(number, sector, person_name(_PERSON_NAMES + number), area, province_code)
    trade = chance.choice(_TRADES[sector])
    return _profile(number, sector, organisation_name(number, district(area), trade), area, province_code)


def _area(chance: Random, province_code: str) -> str:
    # Two of five customers belong to the story units, so that their work lists are worth looking at.
    near = chance.random() < 0.4
    return chance.choice(story_units(province_code).sub_branches if near else sub_branch_codes(province_code))


def _profile(number: int, sector: str, name: str, area_code: str, province_code: str) -> Profile:
    return Profile(number, f"C{number:04d}", sector, name, area_code, sales_agent_of(area_code, province_code))


def _body(who: Profile, seed: int) -> dict[str, Any]:
    chance = rng(seed, "customer", who.number, "details")
    person = who.sector == "person"
    return {
        "core_no": who.core_no,
        "core_version": 1,
        "kind": "person" if person else "organisation",
        "name": who.name,
        "id_type": "resident_id" if person else "uscc",
        "id_no": _id_no(who),
        "phone": invented_phone(2 * who.number),
        "email": f"{who.core_no.lower()}@example.com",
        "address": f"{place(who.area_code)}演示路{chance.randint(1, 399)}号",
        "area_code": who.area_code,
        "unit_code": who.area_code,
        "team_code": _team(who),
        "manager_staff_no": who.manager_staff_no,
        "preferred_channel": chance.choice(_CHANNELS),
        "contacts": [] if person else [_contact(who, chance)],
        "merged_into_core_no": None,
    }


def _team(who: Profile) -> str:
    # The story units have two teams, which share the customers.
    two = who.area_code in story_units(who.area_code[:2]).sub_branches
    return team_code(who.area_code, 1 + who.number % 2 if two else 1)


def _id_no(who: Profile) -> str:
    if who.sector == "person":
        return invented_resident_id(who.area_code, who.number, _BIRTHS)
    return invented_uscc("12" if who.sector == "school" else "91", who.area_code, who.number)


def _contact(who: Profile, chance: Random) -> dict[str, Any]:
    role = "leader" if who.sector in {"trade", "catering"} and chance.random() < 0.5 else "safety_head"
    name = person_name(_CONTACT_NAMES + who.number)
    return {"name": name, "role": role, "phone": invented_phone(2 * who.number + 1)}
