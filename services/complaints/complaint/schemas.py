"""Registration, the complaint as it reads, and the facts that change it."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

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
    customer_id: Id | None = None
    staff_no: list[str] = Field(default_factory=list, max_length=20)


class Proxy(_Body):
    """Who complains for somebody: by a signed authority, or as an heir by proof of it (art. 14)."""

    name: str = Field(min_length=1, max_length=100)
    phone: str | None = Field(default=None, max_length=30)
    id_no: str | None = Field(default=None, max_length=30)
    authority: Literal["signed_authority", "heir", "guardian", "lawyer"]
    authority_upload_id: Id | None = None
    """The paper; it is one of `upload_ids`."""


class Reception(_Body):
    """Of a visit: where and when, who received, and the recording where one was made."""

    place: str = Field(min_length=1, max_length=200)
    received_by_staff_no: list[str] = Field(min_length=1, max_length=5)
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    recording_upload_id: Id | None = None


class Transfer(_Body):
    """Of a transfer: the authority, the number of its letter, and until when it wants an answer."""

    authority: str = Field(min_length=1, max_length=100)
    document_no: str = Field(min_length=1, max_length=100)
    answer_by_on: date | None = None


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
    proxy: Proxy | None = None
    reception: Reception | None = None
    transfer: Transfer | None = None


class RecordState(BaseModel):
    id: Id
    version: int
    status: str


class RegisteredOut(BaseModel):
    """For another branch's complaint, and to a taker who has a part in the matter, only `id` and `complaint_no`."""

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
    closed_at: Instant | None = None


class FactOut(BaseModel):
    """One thing that was done, with the complaint it changed."""

    id: Id
    created_at: Instant
    kind: str
    person: dict[str, str]
    occurred_at: Instant
    told: dict[str, Any]
    complaint: RecordState


class TimelineEntry(BaseModel):
    """One thing of the complaint's life: when it happened, what, who recorded it and when."""

    at: Instant
    kind: str
    recorded_at: Instant | None = None
    person: dict[str, str] | None = None
    facts: dict[str, Any] = Field(default_factory=dict)
    reason: str | None = None


class TimelineOut(BaseModel):
    items: list[TimelineEntry]


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
    proxy: dict[str, Any] | None = None
    reception: dict[str, Any] | None = None
    transfer: dict[str, Any] | None = None
    compensation: dict[str, Any] | None = None
    review: dict[str, Any] | None = None
    root_causes: list[dict[str, Any]]
    facts: list[dict[str, Any]]
    masked: list[str]
    available_actions: list[ActionOut]
