"""Renewals as they cross HTTP."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class DecideRenewal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    outcome: Literal["agree", "decline"]
    reason: str = Field(min_length=3, max_length=500)


class RenewalItem(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    unit_code: str
    policy_id: Id
    policy_no: str
    customer_id: Id
    ends_at: Instant
    days: int
    status: str
    reasons: list[str]
    referred_to: str | None = None
    decided_at: Instant | None = None
    reason: str | None = None


class RenewalOut(RenewalItem):
    available_actions: list[ActionOut]


class RenewalState(BaseModel):
    id: Id
    version: int
    status: str


class RenewalFactOut(BaseModel):
    """A decision on a renewal, and the renewal as it left it."""

    id: Id
    created_at: Instant
    renewal: RenewalState
