"""Links of duplicates, and separations of accidents."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from services.claims.claim.schemas import FactOut
from shared.ids import Id


class LinkClaim(BaseModel):
    model_config = ConfigDict(extra="forbid")

    duplicate_of: Id
    reason: str | None = Field(default=None, max_length=500)


class LinkOut(FactOut):
    """`claim` is the duplicate, now cancelled; `duplicate_of` the claim that is kept."""

    duplicate_of: Id


class SeparateAccident(BaseModel):
    model_config = ConfigDict(extra="forbid")

    claim_id: Id
    reason: str = Field(max_length=500)


class SeparationOut(FactOut):
    """`claim_id` now stands in an accident of its own."""

    claim_id: Id
    accident_id: Id
