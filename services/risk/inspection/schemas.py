"""Visits: opening one, agreeing on it, reporting it; and how plans and visits read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id

Score = Annotated[Decimal, PlainSerializer(lambda value: f"{value:.1f}", return_type=str)]
"""Points of 100 with one decimal."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Place(_Body):
    """Where to go before there is a policy."""

    name: str | None = Field(default=None, max_length=200)
    address: str = Field(min_length=1, max_length=300)
    area_code: str | None = Field(default=None, pattern=r"^[0-9]{6}$")
    industry: str | None = Field(default=None, pattern=r"^[a-z][a-z_]{1,39}$")


class OpenInspection(_Body):
    """A visit outside the plan. Before the contract it names customer and place, later the policy or the site."""

    kind: Literal["pre_bind", "periodic", "ad_hoc", "re_inspection"]
    policy_no: str | None = Field(default=None, min_length=1, max_length=60)
    site_id: Id | None = None
    customer_id: Id | None = None
    application_id: Id | None = None
    place: Place | None = None
    due_on: date
    reason: str = Field(min_length=1, max_length=500)


class Schedule(_Body):
    """When the visit is agreed with the customer, and who goes. Another day for an agreed visit needs a reason."""

    scheduled_at: AwareDatetime
    inspector_person_id: Id
    confirmed_by_customer: bool = False
    reason: str | None = Field(default=None, max_length=500)


class ConfirmVisit(_Body):
    """The customer's word on the day agreed, and in which position he who gave it is."""

    confirmed_at: AwareDatetime
    channel: Literal["phone", "letter", "visit", "web", "email", "app"]
    confirmed_by: str = Field(min_length=1, max_length=60)


class SectionIn(_Body):
    """`answers`: of the visit's checklist, by the code of the item; `photo_ids`: files of this visit."""

    text: str = Field(max_length=8000)
    counts: dict[str, int] | None = None
    none_found: bool = False
    explanation: str = Field(default="", max_length=2000)
    answers: dict[str, str] | None = None
    photo_ids: list[Id] | None = Field(default=None, max_length=50)


class Report(_Body):
    """All eight sections, less those sent one by one before; `jointly` needs its participants."""

    inspected_at: AwareDatetime
    risk_level: Literal["high", "medium", "low"]
    sections: dict[str, SectionIn] = Field(default_factory=dict)
    jointly: bool = False
    participants: list[str] = Field(default_factory=list, max_length=50)


class Feedback(_Body):
    """What the customer's leader or safety head says, or why he said nothing."""

    role: Literal["leader", "safety_head"]
    text: str | None = Field(default=None, max_length=4000)
    declined_reason: str | None = Field(default=None, max_length=500)


class InspectionItem(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    inspection_no: str
    kind: str
    status: str
    plan_id: Id | None = None
    policy_id: Id | None = None
    policy_no: str | None = None
    customer_id: Id
    claim_id: Id | None = None
    application_id: Id | None = None
    site_id: Id | None = None
    unit_code: str
    due_on: date
    stage: str | None = None
    scheduled_at: Instant | None = None
    confirmed_at: Instant | None = None
    inspector_person_id: Id | None = None
    inspected_at: Instant | None = None
    risk_level: str | None = None
    score: Score | None = None
    reported_at: Instant | None = None
    signed_at: Instant | None = None
    closed_at: Instant | None = None


class InspectionOut(InspectionItem):
    """A visit read singly; `scores` by section, `signatures` by side."""

    place: dict[str, Any] | None = None
    reasons: list[str]
    confirmation: dict[str, Any] | None = None
    checklist_id: Id | None = None
    sections: dict[str, Any]
    scores: dict[str, str]
    explanation: str | None = None
    signatures: list[dict[str, Any]]
    jointly: bool
    participants: list[str]
    warnings: list[str]
    feedback: dict[str, Any]
    hazards: list[dict[str, Any]]
    claims: list[dict[str, Any]]
    available_actions: list[ActionOut]


class PlanItem(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    policy_id: Id
    policy_no: str
    policy_version: int
    customer_id: Id
    unit_code: str
    risk_level: str
    product: str | None = None
    cycle_months: int
    due_dates: list[date]
    status: str
    confirmed_at: Instant | None = None


class PlanOut(PlanItem):
    available_actions: list[ActionOut]


class RecordState(BaseModel):
    id: Id
    version: int
    status: str


class InspectionFactOut(BaseModel):
    """One act on a visit, with the visit it changed."""

    id: Id
    created_at: Instant
    kind: str
    told: dict[str, Any]
    inspection: RecordState


class PlanFactOut(BaseModel):
    id: Id
    created_at: Instant
    inspection_plan: RecordState
