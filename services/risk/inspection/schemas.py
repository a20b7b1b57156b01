"""Visits: opening one, agreeing on it, reporting it; and how plans and visits read."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OpenInspection(_Body):
    """A visit outside the plan."""

    kind: Literal["ad_hoc", "re_inspection"]
    policy_no: str = Field(min_length=1, max_length=60)
    due_on: date
    reason: str = Field(min_length=1, max_length=500)


class Schedule(_Body):
    """When the visit is agreed with the customer, and who goes."""

    scheduled_at: AwareDatetime
    inspector_person_id: Id
    confirmed_by_customer: bool = False


class SectionIn(_Body):
    text: str = Field(max_length=8000)
    counts: dict[str, int] | None = None
    none_found: bool = False
    explanation: str = Field(default="", max_length=2000)


class Report(_Body):
    """All eight sections; `jointly` needs its participants."""

    inspected_at: AwareDatetime
    risk_level: Literal["high", "medium", "low"]
    sections: dict[str, SectionIn]
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
    unit_code: str
    due_on: date
    stage: str | None = None
    scheduled_at: Instant | None = None
    inspected_at: Instant | None = None
    risk_level: str | None = None
    reported_at: Instant | None = None
    closed_at: Instant | None = None


class InspectionOut(InspectionItem):
    """A visit read singly."""

    inspector_person_id: Id | None = None
    sections: dict[str, Any]
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
