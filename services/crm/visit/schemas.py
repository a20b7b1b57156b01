"""How a return visit is read, attempted and completed."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.crm.timeline.schemas import About
from services.crm.visit.rules import Mode
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class AttemptVisit(BaseModel):
    """An attempt that led to no answer. `unreachable` gives up, which takes as many attempts as the rules say."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode
    result: Literal["no_answer", "call_back", "wrong_number", "declined", "sent", "unreachable"] = "no_answer"
    occurred_at: AwareDatetime | None = None
    reason: str | None = Field(default=None, min_length=1, max_length=500)
    recording_ref: str | None = Field(default=None, max_length=200)
    remark: str | None = Field(default=None, max_length=2000)


class VisitState(BaseModel):
    """The visit that a fact changed."""

    id: Id
    version: int
    status: str


class AttemptFactOut(BaseModel):
    id: Id
    created_at: Instant
    occurred_at: Instant
    mode: str
    result: str
    return_visit: VisitState


class FindingState(BaseModel):
    """A finding as its visit names it."""

    id: Id
    source: str
    area: str
    severity: str
    status: str


class VisitedCustomer(BaseModel):
    """Whom to ask; masked. The plain values come from a reveal of the visit."""

    id: Id
    name: str | None = None
    id_no: str | None = None
    mobile: str | None = None
    masked: list[str]


class VisitItem(BaseModel):
    """A visit in a list."""

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    kind: str
    about: About
    customer_id: Id
    status: str
    due: dict[str, Any]
    mode: str | None = None
    score: int | None = None
    completed_at: Instant | None = None
    cancelled_by: str | None = None
    left_alone: dict[str, Any] | None = None
    """Why no visit is made: until when the customer is left alone, and what he was asked last."""
    batch_id: Id | None = None


class AttemptOut(BaseModel):
    id: Id
    created_at: Instant
    occurred_at: Instant
    mode: str
    result: str
    recording_ref: str | None = None
    remark: str | None = None
    person: dict[str, str]


class AskedOut(BaseModel):
    """`labels`: the words of the answers, where they are more than codes. `asked_if`: after which answers only."""

    code: str
    form: str
    text: dict[str, str]
    answers: list[str]
    labels: dict[str, dict[str, str]] | None = None
    asked_if: dict[str, Any] | None = None
    required: bool


class QuestionnaireOut(BaseModel):
    id: Id | None = None
    version: str
    questions: list[AskedOut]


class VisitOut(VisitItem):
    """A visit read singly."""

    customer: VisitedCustomer
    attempts: list[AttemptOut]
    attempts_needed: int
    questionnaire: QuestionnaireOut
    answers: dict[str, str] | None = None
    recording_ref: str | None = None
    remark: str | None = None
    findings: list[FindingState]
    resting: dict[str, Any] | None = None
    """Until when samples, batches and surveys leave this customer alone, and what he was asked last."""
    masked: list[str]
    available_actions: list[ActionOut]
