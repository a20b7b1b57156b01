"""How a questionnaire is drafted, approved and read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.crm.questionnaire.rules import Form, Severity
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,63}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
PurposeName = Literal[
    "underwriting", "claim_settlement", "complaint", "survey_promptness", "cooling_off", "survey"
]  # fmt: skip


class Label(BaseModel):
    model_config = ConfigDict(extra="forbid")

    zh: Words
    en: Words


class ConditionIn(BaseModel):
    """Asked only where an earlier question was answered by one of these."""

    model_config = ConfigDict(extra="forbid")

    question: Code
    answers: list[Code] = Field(min_length=1, max_length=20)


class QuestionIn(BaseModel):
    """`scale` has the answers 1 to 5, `text` none. `labels`: the words of the answers. `points`: 0 to 100."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    form: Form = Form.CHOICE
    text_zh: Words
    text_en: Words
    answers: list[Code] = Field(default_factory=list, max_length=20)
    labels: dict[str, Label] = Field(default_factory=dict, max_length=20)
    negative: list[Code] = Field(default_factory=list, max_length=20)
    points: dict[str, Annotated[int, Field(ge=0, le=100)]] = Field(default_factory=dict, max_length=20)
    area: Literal["policy", "claims", "complaints", "crm", "conduct", "mis_selling"] = "crm"
    severity: Severity = Severity.LOW
    required: bool = True
    asked_if: ConditionIn | None = None


class DraftQuestionnaire(BaseModel):
    """A new edition; the number counts up for each code of a unit."""

    model_config = ConfigDict(extra="forbid")

    purpose: PurposeName
    code: Code
    title: Label
    questions: list[QuestionIn] = Field(min_length=1, max_length=60)


class ApproveQuestionnaire(BaseModel):
    """From the approval on it is asked; the edition before it is asked no more."""

    model_config = ConfigDict(extra="forbid")

    remark: str | None = Field(default=None, max_length=500)


class QuestionnaireState(BaseModel):
    id: Id
    version: int
    status: str


class QuestionnaireItem(BaseModel):
    """An edition in a list."""

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    purpose: str
    code: str
    edition: int
    title: dict[str, str]
    status: str
    approved_at: Instant | None = None
    question_count: int


class QuestionnaireRecordOut(QuestionnaireItem):
    """An edition read singly."""

    questions: list[QuestionIn]
    drafted_by: dict[str, str]
    approved_by: dict[str, str] | None = None
    available_actions: list[ActionOut]


class QuestionnaireApprovalOut(BaseModel):
    id: Id
    created_at: Instant
    questionnaire: QuestionnaireState
    retired_id: Id | None = None
