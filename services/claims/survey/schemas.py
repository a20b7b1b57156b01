"""Dispatches and surveys."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.claims.claim.schemas import FactOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Rate


class DispatchSurveyor(BaseModel):
    """Without a person the surveyor of the place with the least open work is sent."""

    model_config = ConfigDict(extra="forbid")

    surveyor_person_id: Id | None = None
    due_at: AwareDatetime | None = None


class OrderResurvey(DispatchSurveyor):
    reason: str = Field(max_length=500)


class DispatchOut(FactOut):
    surveyor_person_id: Id
    due_at: Instant
    accept_due_at: Instant | None = None
    reason: str | None = None


class AnswerDispatch(BaseModel):
    """A surveyor who does not go says why."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["accepted", "declined"]
    reason: str | None = Field(default=None, max_length=500)


class AnswerOut(FactOut):
    outcome: str
    reason: str | None = None


class CandidateOut(BaseModel):
    """One surveyor of the branch: `near` where his unit's area holds the place of the loss."""

    person_id: Id
    staff_no: str
    unit_code: str
    near: bool
    open_items: int
    eligible: bool
    reason: str | None = None


class CandidatesOut(BaseModel):
    items: list[CandidateOut]


class LiabilityOpinion(BaseModel):
    """The surveyor's opinion about the insured's share of the fault, 0 to 1."""

    model_config = ConfigDict(extra="forbid")

    fault_ratio: Rate | None = None
    text: str | None = Field(default=None, max_length=2000)


class ReportSurvey(BaseModel):
    """What was found on the spot. `injured_count` and `death_count`: where they are known better than at the report."""

    model_config = ConfigDict(extra="forbid")

    surveyed_at: AwareDatetime
    place: str | None = Field(default=None, max_length=300)
    participants: list[str] = Field(max_length=50)
    findings: str = Field(max_length=10000)
    liability_opinion: LiabilityOpinion | None = None
    photos: list[Id] = Field(default_factory=list, max_length=100)
    upload_ids: list[Id] = Field(default_factory=list, max_length=50)
    injured_count: int | None = Field(default=None, ge=0, le=100_000)
    death_count: int | None = Field(default=None, ge=0, le=100_000)


class SurveyOut(FactOut):
    surveyor_person_id: Id
    surveyed_at: Instant
    place: str | None = None
    participants: list[str]
    findings: str
    liability_opinion: dict[str, Any] | None = None
    photos: list[Id]
    masked: list[str] = Field(default_factory=list)


class DispatchItem(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ref: str = Field(min_length=1, max_length=60)
    claim_id: Id
    version: int
    surveyor_person_id: Id | None = None


class DispatchBatch(BaseModel):
    """`dispatch` sends surveyors to reported claims; `reassign` gives dispatched ones to others, with one reason."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["dispatch", "reassign"]
    reason: str | None = Field(default=None, max_length=500)
    items: list[DispatchItem] = Field(min_length=1, max_length=100)


class BatchOut(BaseModel):
    """One result per item, in the order sent: `{ref, status, data}` or `{ref, status, problem}`."""

    results: list[dict[str, Any]]
