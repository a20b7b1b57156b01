"""How a batch of visits is planned."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Instant
from shared.ids import Id


class BatchItem(BaseModel):
    """One record whose customer is to be asked; `ref` is the sender's own name of the line."""

    model_config = ConfigDict(extra="forbid")

    ref: str = Field(min_length=1, max_length=64)
    about_id: Id


class PlanBatch(BaseModel):
    """Visits of one kind, beyond those that follow from the rules."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["underwriting", "claim_settlement", "complaint", "survey_promptness", "cooling_off"]
    due_on: date
    reason: str = Field(min_length=1, max_length=500)
    items: list[BatchItem] = Field(min_length=1, max_length=200)


class BatchResult(BaseModel):
    """What became of one line: `planned`, `left_alone` (with the reason), `already_planned`, `not_found`."""

    ref: str
    outcome: str
    return_visit_id: Id | None = None
    left_alone: dict[str, Any] | None = None


class BatchOut(BaseModel):
    id: Id
    created_at: Instant
    kind: str
    due_on: date
    planned: int
    left_out: int
    results: list[BatchResult]
