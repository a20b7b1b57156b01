"""Destruction as it crosses HTTP."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Instant
from shared.ids import Id


class RequestVolumeDestruction(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=3, max_length=500)


class DecideVolumeDestruction(BaseModel):
    """`reason`: wanted for a rejection."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["confirm", "reject"]
    reason: str | None = Field(default=None, max_length=500)


class VolumeState(BaseModel):
    id: Id
    version: int
    status: str


class VolumeDestructionOut(BaseModel):
    """`status`: `requested`, `confirmed` or `rejected`."""

    id: Id
    created_at: Instant
    archive_volume: VolumeState
    status: str
    keep_until: date
    reason: str
    requested_by: Id
    decided_by: Id | None = None
    decided_at: Instant | None = None
    decision_reason: str | None = None


class VolumeDestructionsOut(BaseModel):
    items: list[VolumeDestructionOut]
