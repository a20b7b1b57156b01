"""A correction as it crosses HTTP."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Instant
from shared.ids import Id


class CorrectFinding(BaseModel):
    """What was done about what the customer said."""

    model_config = ConfigDict(extra="forbid")

    finding_id: Id
    done: str = Field(min_length=3, max_length=500)


class PolicyState(BaseModel):
    id: Id
    version: int
    status: str


class CorrectionOut(BaseModel):
    id: Id
    created_at: Instant
    finding_id: Id
    policy: PolicyState
