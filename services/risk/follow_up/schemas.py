"""Putting off the day of a hazard, showing its cure, closing it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.ids import Id


class Extend(BaseModel):
    """`due_on`: the new day, once and never again."""

    model_config = ConfigDict(extra="forbid")

    due_on: date
    reason: str = Field(default="", max_length=500)


class GiveEvidence(BaseModel):
    """`attachment_ids`: files of the hazard, or of the visit `inspection_id` that saw it again and found it `cured`."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["rectification", "re_inspection"]
    told: str = Field(min_length=1, max_length=4000)
    attachment_ids: list[Id] = Field(default_factory=list, max_length=50)
    inspection_id: Id | None = None
    cured: bool | None = None
    occurred_at: AwareDatetime | None = None


class CloseHazard(BaseModel):
    """`evidence_ids`: of the re-inspections that found it cured."""

    model_config = ConfigDict(extra="forbid")

    evidence_ids: list[Id] = Field(default_factory=list, max_length=50)
    comment: str | None = Field(default=None, max_length=2000)
