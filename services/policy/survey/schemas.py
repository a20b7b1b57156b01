"""Bodies and answers of survey requests."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from services.policy.application.schemas import RecordState
from shared.clock import Instant
from shared.ids import Id


class RequestSurvey(BaseModel):
    """`site` where it is not the one on the form."""

    model_config = ConfigDict(extra="forbid")

    site: str | None = Field(default=None, min_length=1, max_length=300)
    reason: str = Field(min_length=3, max_length=500)


class SurveyRequestOut(BaseModel):
    id: Id
    created_at: Instant
    reasons: list[str]
    site: str
    application: RecordState
