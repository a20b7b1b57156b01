"""Assessed facts and calculation sheets as they cross HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.claims.claim.schemas import RecordState
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money, Rate


class LossIn(BaseModel):
    """One head of loss; which members it needs, its kind and the cover terms tell."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(min_length=1, max_length=40)
    amount: Money | None = None
    grade: int | None = Field(default=None, ge=1, le=10)
    grades: list[int] = Field(default_factory=list, max_length=50)
    days: int | None = Field(default=None, ge=0, le=36_500)
    other_sources_amount: Money | None = None
    occurred_on: date | None = None
    includes_earlier_injury: bool | None = None


class ClaimantIn(BaseModel):
    """`ref`: the reference on the insured list where there is one. `id_no` is kept as its keyed digest only."""

    model_config = ConfigDict(extra="forbid")

    ref: str = Field(min_length=1, max_length=50)
    kind: str = Field(min_length=1, max_length=40)
    name: str | None = Field(default=None, max_length=100)
    id_no: str | None = Field(default=None, min_length=3, max_length=30)
    age_at_loss: int | None = Field(default=None, ge=0, le=150)
    province: str | None = Field(default=None, max_length=20)
    victim_fault_ratio: Rate | None = None
    losses: list[LossIn] = Field(default_factory=list, max_length=100)


class ExpenseIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: str = Field(min_length=1, max_length=40)
    amount: Money


class AssessLosses(BaseModel):
    """The whole of the assessed facts; a later assessment replaces it and keeps the earlier one readable."""

    model_config = ConfigDict(extra="forbid")

    liability_form: str = Field(default="several", max_length=20)
    fault_ratio: Rate | None = None
    claimants: list[ClaimantIn] = Field(default_factory=list, max_length=500)
    expenses: list[ExpenseIn] = Field(default_factory=list, max_length=100)


class LossesOut(BaseModel):
    """The assessment in force. Names are masked; medical details are shown to claims positions only."""

    number: int
    created_at: Instant
    assessed_by: dict[str, str]
    liability_form: str
    fault_ratio: str | None = None
    claimants: list[dict[str, Any]]
    expenses: list[dict[str, Any]]
    masked: list[str] = Field(default_factory=list)
    claim: RecordState


class CalculateSheet(BaseModel):
    """`disregarded_clause_ids`: exclusions that were never acknowledged and therefore have no effect (保险法 art. 17);
    `unrecorded` stands for a reduction of which no clause is recorded."""

    model_config = ConfigDict(extra="forbid")

    disregarded_clause_ids: list[str] = Field(default_factory=list, max_length=100)


class SheetOut(BaseModel):
    """A calculation sheet: amounts in yuan, at the whole share unless the name says otherwise."""

    id: Id
    created_at: Instant
    sheet_version: int
    superseded: bool
    loss_number: int
    policy_version: int
    engine_version: str
    calculated_by: dict[str, str]
    digest: str
    disregarded_clause_ids: list[str]
    lines: list[dict[str, Any]]
    claimants: list[dict[str, Any]]
    indemnity_amount: str
    expense_amount: str
    gross_amount: str
    own_share_amount: str
    coinsurer_amount: str
    advances_deducted: str
    overpayment_amount: str
    payable_amount: str
    recovery_items: list[dict[str, Any]]
    limits_used: dict[str, Any]
    flags: list[str]
    unacknowledged_clause_ids: list[str]
    masked: list[str] = Field(default_factory=list)
    claim: RecordState | None = None


class SheetsOut(BaseModel):
    """All sheets of a claim, the newest first."""

    items: list[SheetOut]
