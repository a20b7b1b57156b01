"""The branch network: one unit per administrative division, under one head office.

The whole nation has 3,383 units; a demonstration shows one province completely. Names are composed of province, city
and county because county names alone are not unique. A sub-branch works in its county, a central branch keeps the
prefecture's own code (some prefectures have no county), so no area belongs to two units. A branch's own operating unit
(分公司本部) has no area: every county of the seat city belongs to a sub-branch of that city's central branch already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from embedded.demonstration.divisions import City, cities, counties, provinces

HEAD_OFFICE = "00"
DEFAULT_PROVINCE = "32"
OPENED_ON = "2020-01-01"
"""The day every unit and team of the demonstration opened, long before any appointment or policy."""

Unit = dict[str, Any]
"""`{code, name, level, kind, parent_code, path, area_codes[]}`; `parent_code` is `None` for the head office."""


class StoryUnits(NamedTuple):
    """The units that are staffed for every duty, so that each story can be played from intake to decision."""

    head_office: str
    branch: str
    branch_local: str
    central_branches: tuple[str, ...]
    sub_branches: tuple[str, ...]


def province_codes() -> tuple[str, ...]:
    """The two-digit codes of all 31 provinces."""
    return tuple(provinces())


def units(codes: Iterable[str] = (DEFAULT_PROVINCE,)) -> list[Unit]:
    """The head office and every unit of the named provinces, parents before children.

    Raises `KeyError` for a province code that does not exist.
    """
    tree = [_unit(HEAD_OFFICE, "总公司", "head_office", parent=None)]
    for code in codes:
        tree.extend(_province(code, tree[0]))
    return tree


def teams(codes: Iterable[str] = (DEFAULT_PROVINCE,)) -> list[dict[str, Any]]:
    """Sales teams `{unit_code, code, name, from, to}`: one at every operating unit, a second at the story units.

    A team's code begins with its unit's code, so it is unique in the whole network.
    """
    chosen = tuple(codes)
    staffed = {unit for code in chosen for unit in _selling(story_units(code))}
    found: list[dict[str, Any]] = []
    for unit in units(chosen):
        if unit["level"] in {"central_branch", "sub_branch"}:
            numbers = "一二" if unit["code"] in staffed else "一"
            found.extend(_team(unit, position, number) for position, number in enumerate(numbers, start=1))
    return found


def team_code(unit_code: str, position: int = 1) -> str:
    """The code of a unit's first, second … team: `320102-T01`."""
    return f"{unit_code}-T{position:02d}"


@cache
def story_units(province_code: str = DEFAULT_PROVINCE) -> StoryUnits:
    """The fully staffed units of a province: branch, its own unit, two central branches and three sub-branches.

    The first two prefectures that have counties give the central branches; the first two counties of the one and the
    first of the other give the sub-branches. A province with a single prefecture gives one central branch and its
    first three counties. Raises `KeyError` for a province code that does not exist.
    """
    branch = _known(province_code)
    chosen = [city.code for city in cities(branch) if counties(city.code)][:2]
    by_city = [[county.code for county in counties(city)] for city in chosen]
    subs = by_city[0][:3] if len(by_city) == 1 else [*by_city[0][:2], by_city[1][0]]
    return StoryUnits(HEAD_OFFICE, branch, f"{branch}00", tuple(chosen), tuple(subs))


def sub_branch_codes(province_code: str = DEFAULT_PROVINCE) -> tuple[str, ...]:
    """The codes of all sub-branches of a province; a sub-branch has the code of its county."""
    return tuple(county.code for city in cities(_known(province_code)) for county in counties(city.code))


def _known(province_code: str) -> str:
    if province_code not in provinces():
        raise KeyError(province_code)
    return province_code


def _selling(story: StoryUnits) -> tuple[str, ...]:
    return (story.branch_local, *story.central_branches, *story.sub_branches)


def _province(code: str, head_office: Unit) -> Iterator[Unit]:
    province = provinces()[code]
    branch = _unit(code, f"{province}分公司", "branch", parent=head_office)
    yield branch
    yield _unit(f"{code}00", f"{province}分公司本部", "central_branch", parent=branch, kind="branch_local")
    for city in cities(code):
        central = _unit(
            city.code, f"{_city_name(province, city)}中心支公司", "central_branch", parent=branch, areas=[city.code]
        )
        yield central
        stem = f"{province}{city.name}" if city.has_own_name else province
        for county in counties(city.code):
            yield _unit(county.code, f"{stem}{county.name}支公司", "sub_branch", parent=central, areas=[county.code])


def _city_name(province: str, city: City) -> str:
    return f"{province}{city.name if city.has_own_name else city.code}"


def _unit(
    code: str, name: str, level: str, *, parent: Unit | None, kind: str = "standard", areas: list[str] | None = None
) -> Unit:
    return {
        "code": code,
        "name": name,
        "level": level,
        "kind": kind,
        "parent_code": parent["code"] if parent else None,
        "path": f"{parent['path']}.{code}" if parent else code,
        "area_codes": areas or [],
    }


def _team(unit: Unit, position: int, number: str) -> dict[str, Any]:
    return {
        "unit_code": unit["code"],
        "code": team_code(unit["code"], position),
        "name": f"展业{number}队",
        "from": OPENED_ON,
        "to": None,
    }
