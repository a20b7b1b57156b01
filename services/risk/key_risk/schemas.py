"""How a risk control file reads, and its closing."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class FileItem(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    customer_id: Id
    unit_code: str
    status: str
    criteria: list[str]
    opened_at: Instant
    closed_at: Instant | None = None
    closed_reason: str | None = None
    last_contact_at: Instant | None = None
    contact_due_on: date | None = None
    reviewed_at: Instant | None = None
    review_due_on: date | None = None


class ReviewOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    created_at: Instant
    findings: str
    measures: str
    criteria: list[str]
    next_review_on: date
    person_id: Id


class FileOut(FileItem):
    """With the customer's cover, sites, visits, hazards, claims, talks and reviews as they stand."""

    key_account: dict[str, Any] | None = None
    contact_overdue: bool
    policies: list[dict[str, Any]]
    sites: list[dict[str, Any]]
    inspections: list[dict[str, Any]]
    hazards: list[dict[str, Any]]
    claims: list[dict[str, Any]]
    contacts: list[dict[str, Any]]
    reviews: list[ReviewOut]
    available_actions: list[ActionOut]


class CloseFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500)


class ReviewFile(BaseModel):
    """`next_review_on`: earlier than the cycle asks for."""

    model_config = ConfigDict(extra="forbid")

    findings: str = Field(min_length=1, max_length=4000)
    measures: str = Field(min_length=1, max_length=4000)
    next_review_on: date | None = None


class FileFactOut(BaseModel):
    id: Id
    created_at: Instant
    reason: str
    key_risk_file: dict[str, Any]
