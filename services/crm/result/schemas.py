"""How results are read and an analysis is published."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from services.crm.survey.schemas import SurveyState
from shared.clock import Instant
from shared.ids import Id

Index = Annotated[Decimal, PlainSerializer(str, return_type=str)]
"""0 to 100 with one decimal, as a string."""


class UnitResult(BaseModel):
    """`index`, `rank` and `change` are absent below the minimum sample."""

    unit_code: str
    invited: int
    responses: int
    index: Index | None = None
    rank: int | None = None
    index_before: Index | None = None
    change: Index | None = None


class GroupResult(BaseModel):
    """Answers of one product and touch point; those that say neither stand together."""

    product: str | None = None
    touch_point: str | None = None
    responses: int
    index: Index | None = None


class EarlierResult(BaseModel):
    """The same questionnaire, asked before."""

    survey_id: Id
    closed_at: Instant
    responses: int
    index: Index | None = None


class ResultsOut(BaseModel):
    survey: SurveyState
    invited: int
    responses: int
    response_rate: str | None = None
    minimum_sample: int
    index: Index | None = None
    units: list[UnitResult]
    groups: list[GroupResult]
    questions: dict[str, dict[str, int]]
    earlier: list[EarlierResult]


class Analyse(BaseModel):
    """`ranking`: the units that are published in order; each needs the minimum sample."""

    model_config = ConfigDict(extra="forbid")

    summary: str = Field(min_length=1, max_length=4000)
    ranking: list[str] = Field(default_factory=list, max_length=500)


class AnalysisOut(BaseModel):
    id: Id
    created_at: Instant
    index: Index | None = None
    ranking: list[str]
    survey: SurveyState
