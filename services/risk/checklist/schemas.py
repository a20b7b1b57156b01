"""Publishing a checklist, and how it reads."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.risk.checklist.rules import Section
from shared.clock import Instant
from shared.ids import Id

INDUSTRY = r"^[a-z][a-z_]{1,39}$"


class Wording(BaseModel):
    model_config = ConfigDict(extra="forbid")

    zh: str = Field(min_length=1, max_length=400)
    en: str = Field(min_length=1, max_length=400)


class ChecklistItem(BaseModel):
    """`yes_no` takes yes, no or n_a; `scale` 0 to 5 or n_a; `note` takes words and makes no points."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")
    section: Section
    question: Wording
    kind: Literal["yes_no", "scale", "note"]
    weight: int = Field(default=1, ge=1, le=100)
    required: bool = False


class PublishChecklist(BaseModel):
    model_config = ConfigDict(extra="forbid")

    industry: str = Field(pattern=INDUSTRY)
    list_version: str = Field(min_length=1, max_length=40)
    effective_from: date
    items: list[ChecklistItem] = Field(min_length=1, max_length=300)


class ChecklistSummary(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    industry: str
    list_version: str
    effective_from: date


class ChecklistOut(ChecklistSummary):
    """A list with its items."""

    items: list[ChecklistItem]
