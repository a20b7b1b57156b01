"""Comparisons, differences and resolutions as they cross HTTP."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.policy.reconciliation.rules import ResolutionOutcome
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class ComparedPolicy(BaseModel):
    """One line of the core's comparison."""

    model_config = ConfigDict(extra="forbid")

    policy_no: str = Field(min_length=1, max_length=60)
    core_version: int = Field(ge=1)
    status: Literal["in_force", "cancelled", "rescinded", "expired"]
    premium_total: Money
    claims_paid_total: Money


class ReconciliationItemOut(BaseModel):
    """One difference. `owner`: who has to look first, `core` or `anlan`; `age_days`: since it was found."""

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    policy_no: str
    kind: str
    ours: dict[str, Any] | None = None
    theirs: dict[str, Any] | None = None
    cause: str
    owner: str
    age_days: int
    status: str
    outcome: str | None = None
    reason: str | None = None
    resolved_at: Instant | None = None


class ReconciliationItemAlone(ReconciliationItemOut):
    available_actions: list[ActionOut]


class ResolveItem(BaseModel):
    """What was done about it, and why."""

    model_config = ConfigDict(extra="forbid")

    outcome: ResolutionOutcome
    reason: str = Field(min_length=3, max_length=500)
