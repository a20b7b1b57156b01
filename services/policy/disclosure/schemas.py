"""Bodies and answers of the disclosure."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.policy.application.schemas import RecordState
from shared.clock import Instant
from shared.ids import Id


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClauseShown(_Body):
    clause_id: str = Field(min_length=1, max_length=40)
    text_version: str = Field(min_length=1, max_length=40)


class HandOver(_Body):
    """The pack as it was handed over; without `clauses` it is that of the terms in force."""

    channel: Literal["paper", "visit", "email", "web", "app", "letter"]
    delivered_at: AwareDatetime
    proof: str = Field(min_length=3, max_length=300)
    proof_attachment_id: UUID | None = None
    clauses: list[ClauseShown] | None = Field(default=None, min_length=1, max_length=300)
    simplified: bool = False
    reason: str | None = Field(default=None, max_length=500)


class Signer(_Body):
    """Who signed. A `sales_agent`, `agent` or `staff` is refused; so is a staff number."""

    role: Literal[
        "policyholder", "legal_representative", "authorised_person", "insured", "guardian", "sales_agent", "agent",
        "staff",
    ]  # fmt: skip
    name: str = Field(min_length=1, max_length=100)
    id_no: str | None = Field(default=None, min_length=4, max_length=30)
    staff_no: str | None = Field(default=None, max_length=40)


class Acknowledge(_Body):
    kind: Literal["exclusions", "duties", "special_agreement", "death_cover_consent"]
    clauses: list[ClauseShown] = Field(default_factory=list, max_length=300)
    insured_refs: list[str] = Field(default_factory=list, max_length=5000)
    method: Literal["signature", "seal", "electronic_signature", "voice_recording"]
    evidence_ref: str = Field(min_length=3, max_length=200)
    signer: Signer
    acknowledged_at: AwareDatetime
    reason: str | None = Field(default=None, max_length=500)


class AnswerIn(_Body):
    code: str = Field(min_length=1, max_length=30)
    value: str = Field(min_length=1, max_length=500)
    detail: str | None = Field(default=None, max_length=2000)


class GiveAnswers(_Body):
    """The customer's answers; those given before to the same questions stay unless they are given anew."""

    question_version: str = Field(min_length=1, max_length=40)
    answers: list[AnswerIn] = Field(min_length=1, max_length=200)
    answered_at: AwareDatetime
    signer: Signer
    reason: str | None = Field(default=None, max_length=500)


class PackOut(BaseModel):
    id: Id
    created_at: Instant
    product_version: int
    clauses: list[dict[str, Any]]
    channel: str
    delivered_at: Instant
    proof: str
    simplified: bool
    application: RecordState


class AcknowledgementOut(BaseModel):
    id: Id
    created_at: Instant
    kind: str
    clauses: list[dict[str, Any]]
    insured_refs: list[str]
    method: str
    signer_role: str
    acknowledged_at: Instant
    application: RecordState


class AnswersOut(BaseModel):
    """`effects` of the material answers: survey, special agreement, rate, decline, refer → codes of the questions."""

    id: Id
    created_at: Instant
    number: int
    question_version: str
    unanswered: list[str]
    effects: dict[str, list[str]]
    application: RecordState
