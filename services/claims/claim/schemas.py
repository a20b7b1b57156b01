"""How a claim reads: alone, and as an item of a list."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class RecordState(BaseModel):
    """The record that a fact changed."""

    id: Id
    version: int
    status: str


class ReporterOut(BaseModel):
    """Masked; the plain values come from a reveal."""

    name: str | None = None
    phone: str | None = None
    relation: str | None = None
    masked: list[str] = Field(default_factory=list)


class InjuredOut(BaseModel):
    name: str | None = None
    id_no: str | None = None
    insured_ref: str | None = None
    masked: list[str] = Field(default_factory=list)


class ClaimItem(BaseModel):
    """A claim in a list."""

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    claim_no: str
    status: str
    line: str | None = None
    unit_code: str
    channel: str
    policy_no: str | None = None
    policy_match: str
    policy_id: Id | None = None
    policy_version: int | None = None
    customer_id: Id | None = None
    product: str | None = None
    accident_id: Id
    loss_at: Instant
    notified_at: Instant
    reported_at: Instant
    injured_count: int
    death_count: int
    estimated_amount: Money | None = None
    reserve_amount: Money | None = None
    sheet_version: int | None = None
    gross_amount: Money | None = None
    payable_amount: Money | None = None
    outcome: str | None = None
    flags: list[str]
    duplicate_of: Id | None = None
    complaints_open: int


class ClaimOut(ClaimItem):
    """A claim read singly."""

    place: str | None = None
    area_code: str | None = None
    description: str | None = None
    reporter: ReporterOut
    injured: list[InjuredOut]
    claimants: list[dict[str, Any]] = Field(default_factory=list)
    approval: dict[str, Any] | None = None
    open_hazards: list[dict[str, Any]] = Field(default_factory=list)
    deadlines: list[dict[str, Any]] = Field(default_factory=list)
    origin: dict[str, Any] | None = None
    masked: list[str] = Field(default_factory=list)
    available_actions: list[ActionOut]
