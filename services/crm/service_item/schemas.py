"""An item of the catalogue, as it is defined and read."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.crm.service_item.rules import ServiceClass
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class Name(BaseModel):
    model_config = ConfigDict(extra="forbid")

    zh: str = Field(min_length=1, max_length=100)
    en: str = Field(min_length=1, max_length=200)


class DefineItem(BaseModel):
    """`nature`: what the customer gets (`service`, `training`, `material`, `gift`); money by any name is refused.

    `yearly_quota`: so often in a calendar year, by tier.
    """

    model_config = ConfigDict(extra="forbid")

    code: str = Field(pattern="^[a-z][a-z0-9_]{1,39}$")
    service_class: ServiceClass = Field(alias="class")
    nature: str = Field(pattern="^[a-z][a-z_]{1,29}$")
    name: Name
    owner_service: Literal["policy", "claims", "risk", "complaints", "crm"]
    sla_working_days: int | None = Field(default=None, ge=1, le=250)
    eligible_tiers: list[str] = Field(default_factory=list, max_length=20)
    yearly_quota: dict[str, int] = Field(default_factory=dict, max_length=20)
    unit_cost: Money
    valid_from: date
    valid_to: date | None = None


class ItemOut(BaseModel):
    """An item of the catalogue."""

    model_config = ConfigDict(populate_by_name=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    code: str
    service_class: str = Field(alias="class")
    nature: str
    name: Name
    owner_service: str
    sla_working_days: int | None = None
    eligible_tiers: list[str]
    yearly_quota: dict[str, int]
    unit_cost: Money
    valid_from: date
    valid_to: date | None = None
