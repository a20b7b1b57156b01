"""Putting a finding right."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Instant
from shared.ids import Id


class Correct(BaseModel):
    """`measures`: what was done about the finding."""

    model_config = ConfigDict(extra="forbid")

    finding_id: Id
    measures: str = Field(min_length=1, max_length=2000)


class FindingOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    finding_id: Id
    severity: str
    raised_at: Instant
    corrected_at: Instant | None = None
    measures: str | None = None


class FindingsOut(BaseModel):
    items: list[FindingOut]


class PlanState(BaseModel):
    id: Id
    version: int
    status: str


class CorrectionOut(BaseModel):
    id: Id
    created_at: Instant
    finding_id: Id
    measures: str
    inspection_plan: PlanState
