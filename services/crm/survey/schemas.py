"""How surveys are planned, drafted, approved and read."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.crm.questionnaire.schemas import Code, Label
from services.crm.survey.rules import TouchPoint
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class FrameIn(BaseModel):
    """Whose customers: those who had such a contact about such a product between two days, served by these units.

    Without products all of them, without units all below the survey's own.
    """

    model_config = ConfigDict(extra="forbid")

    touch_points: list[TouchPoint] = Field(min_length=1, max_length=3)
    products: list[str] = Field(default_factory=list, max_length=50)
    unit_codes: list[str] = Field(default_factory=list, max_length=100)
    from_on: date
    to_on: date


class PlanEntry(BaseModel):
    """One survey of the year: when, for whom, who answers for the improvements."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    title: Label
    starts_on: date
    closes_on: date
    touch_points: list[TouchPoint] = Field(min_length=1, max_length=3)
    products: list[str] = Field(default_factory=list, max_length=50)
    owner_staff_no: str = Field(max_length=40)


class PutPlan(BaseModel):
    """The whole plan of a year."""

    model_config = ConfigDict(extra="forbid")

    entries: list[PlanEntry] = Field(max_length=60)


class PlanOut(BaseModel):
    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    year: int
    entries: list[dict[str, Any]]


class DraftSurvey(BaseModel):
    """`plan_code`: its entry in the plan of the year; without one a `reason` is needed.

    `anonymous` is a promise: what is answered is stored without anything that leads back to who answered.
    """

    model_config = ConfigDict(extra="forbid")

    title: Label
    plan_code: Code | None = None
    reason: str | None = Field(default=None, max_length=500)
    questionnaire_id: Id
    frame: FrameIn
    sample_per_unit: int = Field(ge=1, le=2000)
    channel: Literal["sms", "email"]
    anonymous: bool = False
    starts_on: date
    closes_on: date
    owner_staff_no: str = Field(max_length=40)


class ApproveSurvey(BaseModel):
    model_config = ConfigDict(extra="forbid")

    remark: str | None = Field(default=None, max_length=500)


class SurveyState(BaseModel):
    id: Id
    version: int
    status: str


class SurveyItem(BaseModel):
    """A survey in a list."""

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    status: str
    title: dict[str, str]
    plan_code: str | None = None
    questionnaire_id: Id
    channel: str
    anonymous: bool
    starts_on: date
    closes_on: date
    closed_at: Instant | None = None


class SurveyOut(SurveyItem):
    """A survey read singly. `sample`: invited and left out, by unit and reason."""

    reason: str | None = None
    frame: dict[str, Any]
    sample_per_unit: int
    sample: dict[str, Any] | None = None
    owner: dict[str, str]
    drafted_by: dict[str, str]
    approved_by: dict[str, str] | None = None
    approved_at: Instant | None = None
    analysis: dict[str, Any] | None = None
    available_actions: list[ActionOut]


class SurveyApprovalOut(BaseModel):
    id: Id
    created_at: Instant
    survey: SurveyState
