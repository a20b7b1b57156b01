"""How a policy reads: alone, as an item, as a version, and what is left of its limits."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money, SignedMoney


class PolicyItem(BaseModel):
    """A policy in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    policy_no: str
    status: str
    unit_code: str
    customer_id: Id
    customer_core_no: str | None = None
    product: str
    line: str
    business: str
    compulsory: bool
    issued_by: str
    policy_version: int
    issued_on: date
    starts_at: Instant
    ends_at: Instant
    ended_at: Instant | None = None
    premium: Money
    insured_count: int
    risk_level: str
    reinsured: bool
    seller_staff_no: str | None = None
    claims_open: int
    application_id: Id | None = None


class PolicyOut(PolicyItem):
    """A policy read singly."""

    cover: dict[str, Any]
    exclusions: list[dict[str, Any]]
    marks: dict[str, int]
    """What is open about it, by kind: `complaint`, `mis_selling`, `finding`, `overdue_inspection`, `key_risk_file`."""
    available_actions: list[ActionOut]


class PolicyVersionOut(BaseModel):
    """One version as it was told."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    change: dict[str, Any]
    applied: str
    made_at: Instant
    effective_at: Instant
    status: str
    starts_at: Instant
    ends_at: Instant
    ended_at: Instant | None = None
    premium: Money
    premium_delta: SignedMoney
    refund_amount: Money
    insured_count: int
    cover: dict[str, Any]
    exclusions: list[dict[str, Any]]
    created_at: Instant


class VersionsOut(BaseModel):
    items: list[PolicyVersionOut]


class RemainingOut(BaseModel):
    """One limit in yuan; `overrun` is what settled claims used beyond it."""

    limit_name: str
    ref: str | None = None
    limit: Money
    used: Money
    remaining: Money
    overrun: Money


class RemainingLimitsOut(BaseModel):
    """A copy from settled claims; the ledger itself is kept by the claims service."""

    policy_id: Id
    policy_version: int
    items: list[RemainingOut]


class LossOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    claim_id: Id
    claim_no: str | None = None
    loss_at: Instant | None = None
    injured_count: int | None = None
    death_count: int | None = None
    outcome: str | None = None
    paid_amount: Money | None = None
    settled_at: Instant | None = None


class LossHistoryOut(BaseModel):
    items: list[LossOut]


class InsuredPersonOut(BaseModel):
    """Masked; the plain values come from a reveal of the policy."""

    ref: str
    name: str
    id_type: str
    id_no: str
    occupation_class: int | None = None
    covered_from: date
    covered_to: date
    sum_insured: Money | None = None
    masked: list[str] = Field(default_factory=lambda: ["name", "id_no"])


class InsuredPersonsOut(BaseModel):
    items: list[InsuredPersonOut]


class SearchPolicies(BaseModel):
    """Personal data stays out of URLs; whatever is given must fit."""

    model_config = ConfigDict(extra="forbid")

    policy_no: str | None = Field(default=None, max_length=60)
    insured_name: str | None = Field(default=None, max_length=100)
    id_no: str | None = Field(default=None, max_length=30)
    on: date | None = None


class PolicyHit(BaseModel):
    id: Id
    policy_no: str
    product: str
    line: str
    status: str
    unit_code: str
    insured_ref: str | None = None
    insured_name: str | None = None


class PolicyHitsOut(BaseModel):
    items: list[PolicyHit]
    next_cursor: str | None = None
