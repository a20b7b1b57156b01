"""The first notice of loss: the report, and what the reporter is told at once."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.claims.intake.rules import Channel
from services.claims.policy_search.schemas import PolicyCandidate
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class Reporter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    phone: str = Field(min_length=3, max_length=30)
    relation: str = Field(min_length=1, max_length=50)


class InjuredPersonIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, max_length=100)
    id_no: str | None = Field(default=None, max_length=30)
    insured_ref: str | None = Field(default=None, max_length=50)
    injury: str | None = Field(default=None, max_length=1000)
    """What the reporter tells of the injury: medical data, whose basis is asked for as a task."""


class OriginIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: str = Field(pattern="^(enquiry|visit|finding)$")
    id: Id


class ReportClaim(BaseModel):
    """A report is refused for impossible times only; an unknown policy or unit is accepted."""

    model_config = ConfigDict(extra="forbid")

    channel: Channel
    reporter: Reporter
    policy_no: str | None = Field(default=None, max_length=60)
    unit_code: str | None = Field(default=None, max_length=20)
    loss_at: AwareDatetime
    notified_at: AwareDatetime | None = None
    notified_reason: str | None = Field(default=None, max_length=500)
    place: str | None = Field(default=None, max_length=300)
    area_code: str | None = Field(default=None, max_length=12)
    description: str | None = Field(default=None, max_length=4000)
    plate_no: str | None = Field(default=None, max_length=20)
    project: str | None = Field(default=None, max_length=200)
    loss_kinds: list[Literal["disability", "property"]] = Field(default_factory=list, max_length=2)
    """Beside injury and death, which the counts tell: they decide which papers are asked for."""
    injured: list[InjuredPersonIn] = Field(default_factory=list, max_length=500)
    injured_count: int = Field(default=0, ge=0, le=100_000)
    death_count: int = Field(default=0, ge=0, le=100_000)
    estimated_amount: Money | None = None
    origin: OriginIn | None = None
    upload_ids: list[Id] = Field(default_factory=list, max_length=50)


class GuideDocument(BaseModel):
    code: str
    title: dict[str, str]
    required: bool
    held: bool


class GuideStep(BaseModel):
    code: str
    text: dict[str, str]


class GuideOut(BaseModel):
    documents: list[GuideDocument]
    steps: list[GuideStep]


class PossibleDuplicate(BaseModel):
    claim_id: Id
    claim_no: str
    score: str


class ReportOut(BaseModel):
    """For another unit's claim only `id`, `claim_no` and `guide` are given."""

    id: Id
    claim_no: str
    guide: GuideOut
    version: int | None = None
    org_path: str | None = None
    created_at: Instant | None = None
    status: str | None = None
    unit_code: str | None = None
    line: str | None = None
    policy_match: str | None = None
    policy_id: Id | None = None
    policy_version: int | None = None
    accident_id: Id | None = None
    flags: list[str] | None = None
    possible_duplicates: list[PossibleDuplicate] | None = None
    policy_candidates: list[PolicyCandidate] | None = None
    """Where the policy is not known: those that the injured, the phone, the plate or the project point to."""
    open_hazards: list[dict[str, Any]] | None = None
    deadlines: list[dict[str, Any]] | None = None
