"""Retention as it crosses HTTP."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from services.claims.claim.schemas import FactOut
from shared.clock import Instant
from shared.ids import Id


class RequestDestruction(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500)


class DestructionOutcome(StrEnum):
    CONFIRM = "confirm"
    REJECT = "reject"


class DecideDestruction(BaseModel):
    """`reason`: wanted for a rejection."""

    model_config = ConfigDict(extra="forbid")

    outcome: DestructionOutcome
    reason: str | None = Field(default=None, max_length=500)


class KeptPaper(BaseModel):
    """A paper with a longer period of its own; it stays with the claim until then."""

    attachment_id: Id
    keep_until: date


class DestroyedPaper(BaseModel):
    attachment_id: Id
    sha256: str


class DestructionOut(FactOut):
    """`status`: `requested`, `confirmed` or `rejected`. `files_gone_at`: when the files had left the disk."""

    volume_no: str
    status: str
    keep_until: date
    reason: str
    requested_by: Id
    decided_by: Id | None = None
    decided_at: Instant | None = None
    decision_reason: str | None = None
    destroyed: list[DestroyedPaper]
    kept: list[KeptPaper]
    files_gone_at: Instant | None = None


class DestructionsOut(BaseModel):
    items: list[DestructionOut]


class DueFile(BaseModel):
    """One file that is due, or would be. `destroyable`: whether it could be destroyed on the day asked about;
    `frozen_by`: what is pending; `destruction_id`: the request that waits for its second person."""

    claim_id: Id
    claim_no: str
    unit_code: str
    volume_no: str
    file_status: str
    closed_at: Instant | None = None
    keep_until: date
    destroyable: bool
    frozen_by: list[str]
    paper_count: int
    kept: list[KeptPaper]
    destruction_id: Id | None = None


class RetentionOut(BaseModel):
    """What a destruction would take on the day `on`; nothing is changed. `next_after`: the claim to go on from."""

    on: date
    items: list[DueFile]
    next_after: Id | None = None
