"""How a visit is completed."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.crm.data_check.schemas import CheckData, CheckedField, CheckState
from services.crm.opinion.schemas import StatedDemand, StatedOpinion, StateOut
from services.crm.visit.rules import Mode
from services.crm.visit.schemas import FindingState, VisitState
from shared.clock import Instant
from shared.ids import Id


class CompleteVisit(BaseModel):
    """What the customer said: one answer per question of the questionnaire, what he thinks and needs, and his own data.

    `stated`: what he says his data are; each is compared with what is stored. `mismatches`: data that he calls wrong
    without saying what is right.
    """

    model_config = ConfigDict(extra="forbid")

    mode: Mode
    answers: dict[str, str] = Field(max_length=100)
    stated: list[CheckData] = Field(default_factory=list, max_length=5)
    mismatches: list[CheckedField] = Field(default_factory=list, max_length=5)
    opinions: list[StatedOpinion] = Field(default_factory=list, max_length=20)
    demands: list[StatedDemand] = Field(default_factory=list, max_length=20)
    occurred_at: AwareDatetime | None = None
    reason: str | None = Field(default=None, min_length=1, max_length=500)
    recording_ref: str | None = Field(default=None, max_length=200)
    remark: str | None = Field(default=None, max_length=2000)


class CompletionFactOut(BaseModel):
    id: Id
    created_at: Instant
    occurred_at: Instant
    mode: str
    score: int
    findings: list[FindingState]
    data_checks: list[CheckState]
    opinions: list[StateOut]
    demands: list[StateOut]
    return_visit: VisitState
