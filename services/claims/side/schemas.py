"""Decisions beside the claim's own life as they cross HTTP."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.claims.approval.schemas import ChainStepOut
from services.claims.claim.schemas import FactOut, RecordState
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class ApproveSide(BaseModel):
    """One step. `amount`: that of the request, or the total that its limits are compared with."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["opinion", "decision", "cosignature"]
    outcome: Literal["approve", "refuse", "return"]
    amount: Money
    reason: str | None = Field(default=None, max_length=2000)
    reason_code: str | None = Field(default=None, max_length=50)
    clause_ids: list[str] = Field(default_factory=list, max_length=50)

    @property
    def sheet_version(self) -> int | None:
        """No sheet: what is decided is the request."""
        return None


class SideOut(FactOut):
    """`facts`: what its kind has of its own; names in it are masked."""

    kind: str
    status: str
    amount: Money
    reason_code: str | None = None
    reason: str
    facts: dict[str, Any]
    requested_by: dict[str, str]
    decided_at: Instant | None = None
    masked: list[str] = Field(default_factory=list)


class SideAloneOut(SideOut):
    available_actions: list[ActionOut]


class SidesOut(BaseModel):
    items: list[SideOut]


class SideStepOut(BaseModel):
    """The step taken; `missing`: the positions whose signature the same step still waits for."""

    id: Id
    created_at: Instant
    step: int
    kind: str
    outcome: str
    amount: Money
    reason: str | None = None
    reason_code: str | None = None
    on_behalf_of: Id | None = None
    missing: list[str]
    side: dict[str, str]
    claim: RecordState


class SideApprovalOut(BaseModel):
    """How far the request has come. `total_amount`: what the limits are compared with."""

    side_id: Id
    status: str
    chain: list[ChainStepOut]
    current_step: int | None = None
    required_level: str | None = None
    reasons: list[str]
    amount: Money
    total_amount: Money
    table_version: str
    conflicts: list[dict[str, Any]]
