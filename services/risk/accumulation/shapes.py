"""How accumulations are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.risk.accumulation.rules import Point, Threshold
from services.risk.accumulation.schemas import AccumulationOut, SiteNear
from shared.money import ZERO


def place(
    row: Mapping[str, Any] | None, threshold: Threshold, *, point: Point | None = None,
    sites: Sequence[Mapping[str, Any]] | None = None,
) -> AccumulationOut:  # fmt: skip
    """One accumulation; nothing at all where no site lies there."""
    told = dict(row or {})
    exposure, insured = told.get("exposure") or ZERO, int(told.get("insured") or 0)
    unlimited = bool(told.get("unlimited"))
    at = point or point_of(told)
    return AccumulationOut(
        site_id=told.get("centre"), lon=None if at is None else f"{at.lon:.6f}",
        lat=None if at is None else f"{at.lat:.6f}", site_count=told.get("sites") or 0,
        policy_count=told.get("policies") or 0, insured_count=insured, exposure=exposure, unlimited=unlimited,
        above_threshold=threshold.reached(exposure, unlimited, insured),
        sites=None if sites is None else [_near(one) for one in sites],
    )  # fmt: skip


def point_of(row: Mapping[str, Any]) -> Point | None:
    """Where the centre of an accumulation lies, where it has a position."""
    lon, lat = row.get("longitude"), row.get("latitude")
    return None if lon is None or lat is None else Point(lon, lat)


def _near(one: Mapping[str, Any]) -> SiteNear:
    distance = one.get("distance")
    return SiteNear(
        site_id=one["id"], customer_id=one["customer_id"], policy_no=one["policy_no"], unit_code=one["unit_code"],
        industry=one["industry"], insured_count=one["insured_count"],
        distance_km=None if distance is None else f"{distance:.3f}",
    )  # fmt: skip
