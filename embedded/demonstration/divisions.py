"""The administrative divisions the demonstration network is built on, read from the project's own copy."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent / "data" / "divisions"

# Rows of the prefecture file that bear an administrative label instead of a name.
_LABELS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})


class City(NamedTuple):
    """A prefecture: four-digit `code`, `name` as published, two-digit `province_code`."""

    code: str
    name: str
    province_code: str

    @property
    def has_own_name(self) -> bool:
        """False for the nine rows named by a label such as 市辖区."""
        return self.name not in _LABELS


class County(NamedTuple):
    """A county or district: six-digit `code`, `name`, and the codes above it."""

    code: str
    name: str
    city_code: str
    province_code: str


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def provinces() -> dict[str, str]:
    """Two-digit province code → name, in the order of the codes; 31 entries."""
    return {row["code"]: row["name"] for row in _rows("provinces.csv")}


@cache
def _cities() -> dict[str, City]:
    return {row["code"]: City(row["code"], row["name"], row["provinceCode"]) for row in _rows("cities.csv")}


@cache
def _counties() -> dict[str, County]:
    return {
        row["code"]: County(row["code"], row["name"], row["cityCode"], row["provinceCode"])
        for row in _rows("areas.csv")
    }


@cache
def cities(province_code: str) -> tuple[City, ...]:
    """The prefectures of a province in the order of the codes; empty for an unknown province."""
    return tuple(city for city in _cities().values() if city.province_code == province_code)


@cache
def counties(city_code: str) -> tuple[County, ...]:
    """The counties of a prefecture in the order of the codes; empty for an unknown prefecture."""
    return tuple(county for county in _counties().values() if county.city_code == city_code)


def place(area_code: str) -> str:
    """The full name of a county as an address begins with it: 江苏省南京市玄武区, 北京市东城区.

    Raises `KeyError` for a code that is not a county.
    """
    county = _counties()[area_code]
    return provinces()[county.province_code] + _city_part(county) + county.name


def district(area_code: str) -> str:
    """The county's own name: 玄武区. Raises `KeyError` for a code that is not a county."""
    return _counties()[area_code].name


def _city_part(county: County) -> str:
    city = _cities()[county.city_code]
    return city.name if city.has_own_name else ""
