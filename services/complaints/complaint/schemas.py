"""Registration, the complaint as it reads, and the facts that change it."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Complainant(_Body):
    """Without a name the complaint is anonymous: a lead, with nobody to reply to."""

    name: str | None = Field(default=None, max_length=100)
    phone: str | None = Field(default=None, max_length=30)
    id_no: str | None = Field(default=None, max_length=30)
    relation: str | None = Field(default=None, max_length=50)
    count: int = Field(default=1, ge=1, le=10_000)


class Representative(_Body):
    name: str = Field(min_length=1, max_length=100)
    phone: str | None = Field(default=None, max_length=30)


class About(_Body):
    policy_no: str | None = Field(default=None, max_length=60)
    claim_no: str | None = Field(default=None, max_length=60)
    staff_no: list[str] = Field(default_factory=list, max_length=20)


class OriginIn(_Body):
    kind: str = Field(pattern="^(enquiry|visit|finding)$")
    id: Id


class RegisterComplaint(_Body):
    channel: str = Field(max_length=40)
    complainant: Complainant
    representatives: list[Representative] = Field(default_factory=list, max_length=100)
    about: About = Field(default_factory=About)
    cause: str = Field(pattern="^[a-z][a-z0-9_]{1,59}$")
    content: str = Field(max_length=8000)
    received_at: AwareDatetime
    received_reason: str | None = Field(default=None, max_length=500)
    upload_ids: list[Id] = Field(default_factory=list, max_length=50)
    origin: OriginIn | None = None


class RecordState(BaseModel):
    id: Id
    version: int
    status: str


class RegisteredOut(BaseModel):
    """For another branch's complaint only `id` and `complaint_no` are given."""

    id: Id
    complaint_no: str
    version: int | None = None
    org_path: str | None = None
    owner_path: str | None = None
    created_at: Instant | None = None
    status: str | None = None
    rule: str | None = None
    lead: bool | None = None
    clock: dict[str, Any] | None = None


class ComplaintItem(BaseModel):
    """A complaint in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    owner_path: str
    created_at: Instant
    updated_at: Instant
    complaint_no: str
    status: str
    unit_code: str
    channel: str
    cause: str
    lead: bool
    policy_no: str | None = None
    claim_no: str | None = None
    customer_id: Id | None = None
    product: str | None = None
    received_at: Instant
    rule: str
    due_on: date
    due_legal_on: date
    due_at: Instant
    outcome: str | None = None
    decided_at: Instant | None = None
    notified_at: Instant | None = None
    merged_into: Id | None = None
    breached_at: Instant | None = None


class FactOut(BaseModel):
    """One thing that was done, with the complaint it changed."""

    id: Id
    created_at: Instant
    kind: str
    person: dict[str, str]
    occurred_at: Instant
    told: dict[str, Any]
    complaint: RecordState


class ComplaintOut(ComplaintItem):
    """A complaint read singly."""

    content: str
    complainant: dict[str, Any]
    representatives: list[dict[str, Any]]
    clock: dict[str, Any]
    officer: dict[str, str] | None = None
    recused: int
    """How many persons must stay out; who they are is not told."""
    origin: dict[str, Any] | None = None
    facts: list[dict[str, Any]]
    masked: list[str]
    available_actions: list[ActionOut]
