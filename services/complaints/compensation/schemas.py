"""Proposals, steps and payments of a compensation."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.complaints.complaint.schemas import RecordState
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Propose(_Body):
    amount: Money
    reason: str = Field(min_length=1, max_length=1000)


class Approve(_Body):
    """`kind` is that of the open step; `amount` that of the proposal."""

    kind: Literal["opinion", "decision", "cosignature"]
    amount: Money
    outcome: Literal["approve", "refuse", "return"]
    reason: str | None = Field(default=None, max_length=1000)
    reason_code: str | None = Field(default=None, max_length=40)


class RecordPayment(_Body):
    paid_at: AwareDatetime
    reference: str = Field(min_length=1, max_length=100)


class CompensationOut(BaseModel):
    id: Id
    created_at: Instant
    amount: Money
    status: str
    paid_at: Instant | None = None
    complaint: RecordState


class ApprovalOut(BaseModel):
    """The chain, how far it came, and who is missing."""

    id: Id
    amount: Money
    status: str
    at: int
    missing: list[str]
    steps: list[dict[str, Any]]
    acts: list[dict[str, Any]]


class StepOut(BaseModel):
    id: Id
    created_at: Instant
    step: int
    kind: str
    outcome: str
    status: str
    missing: list[str]
    complaint: RecordState
