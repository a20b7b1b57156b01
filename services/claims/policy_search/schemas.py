"""What policies are looked for by, and what is told of those found."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.ids import Id


class PolicyCandidate(BaseModel):
    """A policy that may be the one; of one outside the caller's scope, found by an identity number, only its number."""

    policy_no: str
    matched_by: list[str]
    policy_id: Id | None = None
    policy_match: str | None = None
    policy_version: int | None = None
    product: str | None = None
    line: str | None = None
    unit_code: str | None = None


class SearchPolicies(BaseModel):
    """At least one of the keys; `loss_at` (default now) decides which version is looked at."""

    model_config = ConfigDict(extra="forbid")

    insured_name: str | None = Field(default=None, min_length=1, max_length=100)
    phone: str | None = Field(default=None, min_length=3, max_length=30)
    id_no: str | None = Field(default=None, min_length=4, max_length=30)
    plate_no: str | None = Field(default=None, min_length=2, max_length=20)
    project: str | None = Field(default=None, min_length=2, max_length=200)
    loss_at: AwareDatetime | None = None


class PolicyCandidates(BaseModel):
    items: list[PolicyCandidate]
