"""Drafting and signing an assessment, and how it reads."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id

Advice = Annotated[str, Field(max_length=2000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Factor(_Body):
    """One thing that makes the risk better or worse; `points` of the score, where they were reckoned apart."""

    factor: str = Field(min_length=1, max_length=200)
    finding: str = Field(min_length=1, max_length=2000)
    points: int | None = None


class DraftAssessment(_Body):
    """Of an application, a policy or a visit; `score`: points of safety."""

    customer_id: Id
    application_id: Id | None = None
    policy_no: str | None = Field(default=None, min_length=1, max_length=60)
    inspection_id: Id | None = None
    site_id: Id | None = None
    score: int
    factors: list[Factor] = Field(max_length=50)
    advice: list[Advice] = Field(max_length=50)
    summary: str = Field(min_length=1, max_length=4000)


class HandOver(_Body):
    """How the customer got it, and in which position he who took it is."""

    at: AwareDatetime
    method: Literal["in_person", "mail", "email", "electronic"]
    received_by: str = Field(min_length=1, max_length=60)
    attachment_id: Id | None = None


class SignAssessment(_Body):
    handed_over: HandOver


class AssessmentItem(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    customer_id: Id
    application_id: Id | None = None
    policy_id: Id | None = None
    policy_no: str | None = None
    inspection_id: Id | None = None
    site_id: Id | None = None
    unit_code: str
    status: str
    score: int
    level: str
    assessor_person_id: Id
    signed_by: Id | None = None
    signed_at: Instant | None = None
    handed_over_at: Instant | None = None


class AssessmentOut(AssessmentItem):
    """An assessment read singly."""

    factors: list[Factor]
    advice: list[str]
    summary: str
    handed_over: dict[str, Any] | None = None
    available_actions: list[ActionOut]


class AssessmentState(BaseModel):
    id: Id
    version: int
    status: str


class AssessmentFactOut(BaseModel):
    """The signature, with the assessment that it changed."""

    id: Id
    created_at: Instant
    handed_over_at: Instant
    level: str
    risk_assessment: AssessmentState
