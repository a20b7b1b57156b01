"""Distances, radii and thresholds of accumulations."""

from __future__ import annotations

from decimal import Decimal
from math import cos, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.risk.accumulation import rules
from services.risk.accumulation.rules import Point, Threshold
from shared.errors import InvalidParameter

THRESHOLD = Threshold(Decimal("20000000.00"), 200, Decimal("1.0"), Decimal(50))
DEGREE = st.decimals("-0.9", "0.9", places=6)
NANJING = Point(Decimal("118.796877"), Decimal("32.060255"))


def test_a_known_distance_is_right() -> None:
    shanghai = Point(Decimal("121.473701"), Decimal("31.230416"))
    assert 268 < rules.distance_km(NANJING, shanghai) < 272
    assert rules.distance_km(NANJING, NANJING) == 0


@given(DEGREE, DEGREE, st.decimals("0.1", "50", places=1))
def test_whatever_lies_within_the_radius_lies_within_the_box(lon: Decimal, lat: Decimal, km: Decimal) -> None:
    other = Point(NANJING.lon + lon, NANJING.lat + lat)
    if rules.distance_km(NANJING, other) <= float(km):
        reach = rules.reach(km)
        assert abs(float(lat)) <= reach
        assert abs(float(lon)) <= reach / cos(radians(NANJING.lat))


def test_a_radius_is_that_of_the_rule_or_a_smaller_one_than_the_greatest() -> None:
    assert rules.radius(None, THRESHOLD) == Decimal("1.0")
    assert rules.radius(Decimal(50), THRESHOLD) == 50
    for wrong in (Decimal(0), Decimal("50.1"), Decimal(-1)):
        with pytest.raises(InvalidParameter):
            rules.radius(wrong, THRESHOLD)


def test_half_a_point_and_degrees_that_there_are_not_are_refused() -> None:
    assert rules.centre(None, None) is None
    assert rules.centre(NANJING.lon, NANJING.lat) == NANJING
    for lon, lat in ((NANJING.lon, None), (None, NANJING.lat), (Decimal(181), Decimal(0)), (Decimal(0), Decimal(91))):
        with pytest.raises(InvalidParameter):
            rules.centre(lon, lat)


@pytest.mark.parametrize(
    ("exposure", "unlimited", "insured", "reached"),
    [
        ("19999999.99", False, 199, False),
        ("20000000.00", False, 0, True),
        ("0", True, 0, True),
        ("0", False, 200, True),
    ],
)
def test_the_threshold_is_reached_by_money_people_or_cover_without_limit(
    exposure: str, unlimited: bool, insured: int, reached: bool
) -> None:
    assert THRESHOLD.reached(Decimal(exposure), unlimited, insured) is reached


def test_the_same_accumulation_seen_from_the_neighbour_is_left_out() -> None:
    near = Point(NANJING.lon + Decimal("0.005"), NANJING.lat)
    far = Point(NANJING.lon + Decimal("0.5"), NANJING.lat)
    found = [("a", NANJING), ("b", near), ("c", far), ("d", None)]
    assert rules.apart(found, Decimal(1), 10) == ["a", "c", "d"]
    assert rules.apart(found, Decimal(1), 1) == ["a"]
