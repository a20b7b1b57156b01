"""Accumulations as they cross HTTP."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.risk.accumulation.rules import Basis
from shared.ids import Id
from shared.money import Money


class PlaceQuery(BaseModel):
    """A point, a site or an address; without any, the greatest accumulations of a unit."""

    model_config = ConfigDict(extra="forbid")

    within_km: Decimal | None = Field(default=None, max_digits=7, decimal_places=3)
    lon: Decimal | None = Field(default=None, max_digits=9, decimal_places=6)
    lat: Decimal | None = Field(default=None, max_digits=9, decimal_places=6)
    site_id: UUID | None = None
    address: str | None = Field(default=None, min_length=3, max_length=300)
    basis: Basis = Basis.RADIUS
    unit_code: str | None = Field(default=None, max_length=20)
    limit: int = Field(default=10, ge=1, le=50)


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
