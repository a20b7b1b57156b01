"""A later match, or the unit for a claim at an intake desk."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from services.claims.claim.schemas import FactOut
from shared.ids import Id


class PlaceClaim(BaseModel):
    """Either the policy, or the unit that handles a claim which lies at an intake desk."""

    model_config = ConfigDict(extra="forbid")

    policy_no: str | None = Field(default=None, min_length=1, max_length=60)
    unit_code: str | None = Field(default=None, min_length=1, max_length=20)


class PlacementOut(FactOut):
    """Where the claim now belongs to a unit outside the caller's scope, only the fact and the claim's id are given."""

    policy_match: str | None = None
    policy_id: Id | None = None
    policy_version: int | None = None
    unit_code: str | None = None
    org_path: str | None = None
    accident_id: Id | None = None
    flags: list[str] | None = None
