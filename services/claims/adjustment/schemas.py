"""Assessed facts and calculation sheets as they cross HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.claims.claim.schemas import RecordState
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money, Rate


class RepairerIn(BaseModel):
    """Who repaired a damaged thing; the registration number tells one repairer from another."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    registration_no: str | None = Field(default=None, min_length=3, max_length=40)


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
    repairer: RepairerIn | None = None


class ClaimantIn(BaseModel):
    """`ref`: the reference on the insured list where there is one. `id_no` is kept as its keyed digest only.

    `misstated` (`age`, `occupation`) with the premium charged and due: every benefit is paid in that proportion.
    """

    model_config = ConfigDict(extra="forbid")

    ref: str = Field(min_length=1, max_length=50)
    kind: str = Field(min_length=1, max_length=40)
    name: str | None = Field(default=None, max_length=100)
    id_no: str | None = Field(default=None, min_length=3, max_length=30)
    age_at_loss: int | None = Field(default=None, ge=0, le=150)
    province: str | None = Field(default=None, max_length=20)
    victim_fault_ratio: Rate | None = None
    misstated: str | None = Field(default=None, max_length=20)
    premium_charged: Money | None = None
    premium_due: Money | None = None
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


class OverrideIn(BaseModel):
    """A line set by hand: what it shall pay, and why. Without a claimant it is an expense."""

    model_config = ConfigDict(extra="forbid")

    claimant_ref: str | None = Field(default=None, max_length=50)
    kind: str = Field(min_length=1, max_length=40)
    amount: Money
    reason: str = Field(default="", max_length=500)


class PayeeIn(BaseModel):
    """Somebody who is to be paid. Account and identity number are kept as keyed digests only.

    `share`, `entitled`: of a beneficiary of a death benefit (保险法 art. 40, 42).
    """

    model_config = ConfigDict(extra="forbid")

    claimant_ref: str | None = Field(default=None, max_length=50)
    kind: Literal[
        "insured", "third_party", "expense_creditor", "insured_person", "beneficiary", "heir", "guardian"
    ]  # fmt: skip
    name: str = Field(min_length=1, max_length=100)
    relation: str | None = Field(default=None, max_length=50)
    share: Rate | None = None
    entitled: bool = True
    id_no: str | None = Field(default=None, min_length=3, max_length=30)
    account: str | None = Field(default=None, min_length=6, max_length=40)


class NamePayees(BaseModel):
    """All who are to be paid. A change takes back what was approved, and asks for other persons."""

    model_config = ConfigDict(extra="forbid")

    payees: list[PayeeIn] = Field(min_length=1, max_length=200)
    reason: str | None = Field(default=None, max_length=500)


class PayeesOut(BaseModel):
    """The payees as last named; names are masked. `voided`: the claim was decided, and is not any more."""

    number: int
    created_at: Instant
    named_by: dict[str, str]
    payees: list[dict[str, Any]]
    digest: str
    voided: bool
    masked: list[str] = Field(default_factory=list)
    claim: RecordState


class CalculateSheet(BaseModel):
    """`disregarded_clause_ids`: exclusions that were never acknowledged and therefore have no effect (保险法 art. 17);
    `unrecorded` stands for a reduction of which no clause is recorded. `overrides` lift the decision one level."""

    model_config = ConfigDict(extra="forbid")

    disregarded_clause_ids: list[str] = Field(default_factory=list, max_length=100)
    overrides: list[OverrideIn] = Field(default_factory=list, max_length=100)


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
    overrides: list[dict[str, Any]]
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
