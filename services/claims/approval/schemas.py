"""The approval of a claim as it crosses HTTP."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.claims.claim.schemas import RecordState
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class Approve(BaseModel):
    """One step. `amount`: the gross amount of the sheet, or the total of its accident."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["opinion", "decision", "cosignature"]
    outcome: Literal["approve", "refuse", "return"]
    amount: Money
    sheet_version: int = Field(ge=1)
    reason: str | None = Field(default=None, max_length=2000)
    reason_code: str | None = Field(default=None, max_length=50)
    clause_ids: list[str] = Field(default_factory=list, max_length=50)


class RaiseClaim(BaseModel):
    """Take the claim one level further up, with a reason."""

    model_config = ConfigDict(extra="forbid")

    reason_code: str | None = Field(default=None, max_length=50)
    reason: str | None = Field(default=None, max_length=2000)


class RaiseOut(BaseModel):
    """`from_level` would have decided, `to_level` decides now."""

    id: Id
    created_at: Instant
    from_level: str
    to_level: str
    reason_code: str
    reason: str
    claim: RecordState


class ApprovalStepOut(BaseModel):
    """The step taken; `missing`: the positions whose signature the same step still waits for."""

    id: Id
    created_at: Instant
    step: int
    kind: str
    outcome: str
    amount: Money
    sheet_version: int
    reason: str | None = None
    reason_code: str | None = None
    clause_ids: list[str]
    on_behalf_of: Id | None = None
    missing: list[str]
    claim: RecordState


class ChainStepOut(BaseModel):
    """One step of the chain; `status`: `done`, `open` or `pending`. `person`: who gave the last act on it."""

    step: int
    level: str
    unit_code: str
    unit_name: str | None = None
    kind: str
    position: str
    status: str
    outcome: str | None = None
    person: dict[str, str] | None = None
    amount: Money | None = None
    reason_code: str | None = None
    reason: str | None = None
    clause_ids: list[str] = Field(default_factory=list)
    on_behalf_of: Id | None = None
    missing: list[str] = Field(default_factory=list)
    signatures: list[dict[str, Any]] = Field(default_factory=list)
    decided_at: Instant | None = None


class ApprovalOut(BaseModel):
    """How far the approval of the newest sheet has come, and what counts for it.

    `voided`: acts on older sheets, and acts taken back by a return. `conflicts`: persons who may not approve this
    claim, and why. `similar_claims`: on other policies, near in time, with the same insured, injured person or payee:
    shown, not added. `payee_number`: the version of the payees that is approved with the sheet. `approved`: the digests
    of what was decided. `blocked_by`: codes of what a decision to pay would be refused for whoever gives it.
    """

    chain: list[ChainStepOut]
    current_step: int | None = None
    required_level: str | None = None
    reasons: list[str]
    sheet_version: int | None = None
    table_version: str | None = None
    accident_id: Id
    accident_total_amount: Money
    accumulated_claims: list[dict[str, str]]
    advances: list[dict[str, Any]]
    conflicts: list[dict[str, Any]]
    blocked_by: list[str]
    voided: list[dict[str, Any]]
    raises: list[dict[str, Any]] = Field(default_factory=list)
    similar_claims: list[dict[str, Any]] = Field(default_factory=list)
    payee_number: int = 0
    approved: dict[str, Any] | None = None
