"""How improvements are set, reported and read."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.crm.survey.schemas import SurveyState
from shared.clock import Instant
from shared.ids import Id


class SetAction(BaseModel):
    """What is to be done at which unit, who answers for it, until when."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=2000)
    unit_code: str = Field(max_length=20)
    owner_staff_no: str = Field(max_length=40)
    due_on: date


class ReportAction(BaseModel):
    """What was done."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=2000)


class ActionItem(BaseModel):
    """`overdue`: still open after its day."""

    id: Id
    version: int
    created_at: Instant
    status: str
    text: str
    unit_code: str
    owner: dict[str, str]
    due_on: date
    overdue: bool
    result: str | None = None
    done_at: Instant | None = None


class ActionList(BaseModel):
    items: list[ActionItem]


class ActionFactOut(BaseModel):
    id: Id
    created_at: Instant
    version: int
    status: str
    survey: SurveyState
