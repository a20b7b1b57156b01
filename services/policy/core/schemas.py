"""Bodies of the core policy system. An absent member and null mean the same here."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.ids import Id
from shared.money import Money, Rate, SignedMoney


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


class Change(_Body):
    kind: Literal["issue", "endorse", "cancel", "rescind", "correct"]
    no: str = Field(min_length=1, max_length=60)
    reason: str | None = Field(default=None, max_length=500)


class Exclusion(_Body):
    clause_id: str = Field(min_length=1, max_length=40)
    text_version: str = Field(min_length=1, max_length=40)
    acknowledged_at: AwareDatetime | None = None


class Beneficiary(_Body):
    name: str = Field(min_length=1, max_length=100)
    relation: str = Field(min_length=1, max_length=50)
    share: Rate | None = None


class InsuredPersonTold(_Body):
    ref: str = Field(min_length=1, max_length=50)
    name: str = Field(min_length=1, max_length=100)
    id_type: Literal["resident_id", "passport", "hk_macau_permit", "taiwan_permit", "uscc"]
    id_no: str = Field(min_length=4, max_length=30)
    occupation_class: int | None = Field(default=None, ge=1, le=6)
    covered_from: date = Field(alias="from")
    covered_to: date = Field(alias="to")
    sum_insured: Money | None = None
    beneficiaries: list[Beneficiary] = Field(default_factory=list, max_length=20)


class CorePolicy(_Body):
    """One complete version of a policy, keyed by its number in the path."""

    core_version: int = Field(ge=1)
    change: Change
    application_id: Id | None = None
    customer_core_no: str = Field(min_length=1, max_length=60)
    product: str = Field(min_length=1, max_length=60)
    line: Literal["liability", "accident"]
    unit_code: str = Field(min_length=1, max_length=20)
    seller_staff_no: str | None = Field(default=None, max_length=40)
    status: Literal["in_force", "cancelled", "rescinded", "expired"]
    issued_on: date | None = None
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    effective_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    risk_level: Literal["high", "medium", "low"] | None = None
    reinsured: bool = False
    premium: Money
    premium_delta: SignedMoney
    refund_amount: Money
    premium_status: str | None = Field(default=None, max_length=30)
    insured_count: int = Field(ge=0)
    exclusions: list[Exclusion] = Field(default_factory=list, max_length=200)
    insured_persons: list[InsuredPersonTold] | None = Field(default=None, max_length=5000)
    cover: dict[str, Any]


class ImportLine(CorePolicy):
    """A line of an import: the same, with its number inside."""

    policy_no: str = Field(min_length=1, max_length=60)


class PendingReferenceOut(BaseModel):
    kind: str
    value: str


class UpsertOut(BaseModel):
    """What became of the version: `current`, `history` or `ignored`."""

    id: Id
    core_version: int
    applied: str
    pending_references: list[PendingReferenceOut]
