"""Registering and changing a site, and how it reads."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id

_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,6})?")


def _degrees(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and _DEGREES.fullmatch(value):
        return Decimal(value)
    raise PydanticCustomError("degrees", "give degrees as a string with at most six decimals")


Degrees = Annotated[
    Decimal,
    BeforeValidator(_degrees),
    PlainSerializer(lambda value: f"{value:.6f}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]{1,3}(\.[0-9]{1,6})?$", "examples": ["118.796877"]}),
]
"""Degrees as text, so that no binary fraction moves a place."""
INDUSTRY = r"^[a-z][a-z_]{1,39}$"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Position(_Body):
    """Longitude and latitude in degrees (WGS 84)."""

    lon: Degrees
    lat: Degrees


class RegisterSite(_Body):
    """Of a policy, or of a customer who has none yet; without `unit_code` at its policy's or caller's unit."""

    customer_id: Id | None = None
    policy_no: str | None = Field(default=None, min_length=1, max_length=60)
    name: str = Field(min_length=1, max_length=200)
    address: str = Field(min_length=3, max_length=300)
    area_code: str = Field(pattern=r"^[0-9]{6}$")
    position: Position | None = None
    insured_count: int = Field(ge=0, le=10_000_000)
    industry: str = Field(pattern=INDUSTRY)
    unit_code: str | None = Field(default=None, max_length=20)


class ChangeSite(_Body):
    """What is given changes, what is not stays; `ended`: nothing insured is there any more."""

    name: str | None = Field(default=None, min_length=1, max_length=200)
    address: str | None = Field(default=None, min_length=3, max_length=300)
    area_code: str | None = Field(default=None, pattern=r"^[0-9]{6}$")
    position: Position | None = None
    insured_count: int | None = Field(default=None, ge=0, le=10_000_000)
    industry: str | None = Field(default=None, pattern=INDUSTRY)
    status: Literal["active", "ended"] | None = None
    reason: str | None = Field(default=None, max_length=500)


class SiteItem(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    customer_id: Id
    policy_id: Id | None = None
    policy_no: str | None = None
    name: str
    address: str
    area_code: str
    position: Position | None = None
    insured_count: int
    industry: str
    unit_code: str
    status: str


class SiteOut(SiteItem):
    """A site read singly."""

    available_actions: list[ActionOut]
