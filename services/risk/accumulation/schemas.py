"""Accumulations as they cross HTTP."""

from __future__ import annotations

from pydantic import BaseModel

from shared.ids import Id
from shared.money import Money


class SiteNear(BaseModel):
    site_id: Id
    customer_id: Id
    policy_no: str | None = None
    unit_code: str
    industry: str
    insured_count: int
    distance_km: str | None = None


class AccumulationOut(BaseModel):
    """`exposure`: limits per accident of the policies in force, each counted once; `unlimited`: one has none."""

    site_id: Id | None = None
    lon: str | None = None
    lat: str | None = None
    site_count: int
    policy_count: int
    insured_count: int
    exposure: Money
    unlimited: bool
    above_threshold: bool
    sites: list[SiteNear] | None = None


class AccumulationsOut(BaseModel):
    """`sites` are told where one place was asked for, otherwise the greatest accumulations one below the other."""

    basis: str
    within_km: str | None = None
    threshold_exposure: Money
    threshold_insured: int
    items: list[AccumulationOut]
