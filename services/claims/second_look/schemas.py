"""Second looks as they cross HTTP."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.claims.claim.schemas import RecordState
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class QualityCheckItem(BaseModel):
    """One look in a list. `subject`: who a pattern is around, as far as it may be told: staff numbers, or the head of
    the keyed digest."""

    id: Id
    version: int
    created_at: Instant
    kind: str
    status: str
    unit_code: str
    subject: str | None = None
    claim_count: int
    total_amount: Money
    due_at: Instant
    outcome: str | None = None
    checked_at: Instant | None = None


class QualityCheckOut(QualityCheckItem):
    """One look with the claims it is about, and what the caller may do."""

    claims: list[dict[str, Any]]
    rule_version: str
    findings: str | None = None
    checked_by: dict[str, str] | None = None
    available_actions: list[ActionOut]


class RecordResult(BaseModel):
    """What the second look found; anything but `in_order` says what."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["in_order", "error", "suspected_fraud"]
    findings: str | None = Field(default=None, max_length=4000)


class ResultOut(BaseModel):
    id: Id
    created_at: Instant
    outcome: str
    flagged_claims: list[str]
    quality_check: RecordState
