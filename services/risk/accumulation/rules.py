"""Distances on the globe, and which accumulation is above the threshold. Pure; kilometres and degrees (WGS 84)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt
from typing import Any, TypeVar

from shared.errors import Fault, InvalidParameter, Text

EARTH_KM = 6371.0088
"""Mean radius: the sphere that distances are reckoned on, right to half a percent."""
_KM_PER_DEGREE = EARTH_KM * radians(1)
_SLACK = 1.01


class Basis(StrEnum):
    """What counts as one place."""

    RADIUS = "radius"
    ADDRESS = "address"


@dataclass(frozen=True)
class Point:
    lon: Decimal
    lat: Decimal


@dataclass(frozen=True)
class Threshold:
    """Section `accumulation` of the rule set `loss_prevention`; amounts in yuan, bounds inclusive."""

    exposure: Decimal
    insured: int
    radius_km: Decimal
    max_radius_km: Decimal

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Threshold:
        return cls(
            Decimal(content["exposure"]), content["insured"], Decimal(content["radius_km"]),
            Decimal(content["max_radius_km"]),
        )  # fmt: skip

    def reached(self, exposure: Decimal, unlimited: bool, insured: int) -> bool:
        """Whether so much at one place calls for attention; cover without a limit always does."""
        return unlimited or exposure >= self.exposure or insured >= self.insured


def distance_km(one: Point, other: Point) -> float:
    """The distance along the globe (haversine)."""
    north, south = radians(one.lat), radians(other.lat)
    half = sin((north - south) / 2) ** 2
    half += cos(north) * cos(south) * sin(radians(other.lon - one.lon) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(half)))


def reach(km: Decimal) -> float:
    """Degrees of latitude that certainly hold a radius; of longitude, divided by the cosine of the latitude."""
    return float(km) * _SLACK / _KM_PER_DEGREE


def radius(asked: Decimal | None, threshold: Threshold) -> Decimal:
    """The radius asked for, or that of the rule; refuses (422) none at all and one above the greatest allowed."""
    if asked is None:
        return threshold.radius_km
    if not 0 < asked <= threshold.max_radius_km:
        words = Text(
            f"半径须大于 0、不超过 {threshold.max_radius_km} 公里。",
            f"A radius is above 0 and at most {threshold.max_radius_km} km.",
        )
        raise InvalidParameter(Fault("radius_invalid", words, parameter="within_km"))
    return asked


def centre(lon: Decimal | None, lat: Decimal | None) -> Point | None:
    """The point asked for; refuses (422) half of one, and degrees that there are not."""
    if lon is None and lat is None:
        return None
    for name, value, limit in (("lon", lon, 180), ("lat", lat, 90)):
        if value is None or abs(value) > limit:
            words = Text("经纬度须同时给出且有效。", "Give both degrees, and such as there are.")
            raise InvalidParameter(Fault("position_invalid", words, parameter=name))
    return Point(lon or Decimal(0), lat or Decimal(0))


A = TypeVar("A")


def apart(found: Iterable[tuple[A, Point | None]], km: Decimal, at_most: int) -> Sequence[A]:
    """The first of `found` (the greatest comes first), without those whose centre lies within a radius of one taken:
    the same accumulation seen from the neighbour."""
    taken: list[tuple[A, Point | None]] = []
    for one, point in found:
        near = point is not None and any(
            other is not None and distance_km(point, other) <= float(km) for _, other in taken
        )
        if not near:
            taken.append((one, point))
        if len(taken) == at_most:
            break
    return [one for one, _ in taken]
