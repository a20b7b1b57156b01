"""Steps of an investigation; longer periods, pauses."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Investigate(_Body):
    """One step: whom one spoke with, what was found."""

    step: str = Field(min_length=1, max_length=2000)
    contacted: bool = False
    occurred_at: AwareDatetime | None = None


class Approval(_Body):
    """Who above agreed to the last extension, and when."""

    approved_at: AwareDatetime
    approver_staff_no: str = Field(min_length=1, max_length=40)


class Extend(_Body):
    days: Literal[15, 30]
    reason: str = Field(max_length=500)
    told_at: AwareDatetime | None = None
    approval: Approval | None = None


class PausePeriod(_Body):
    """`to` absent: the pause lasts; sent again with `to` it ends."""

    reason: Literal["appraisal", "mediation"]
    from_on: date = Field(alias="from")
    to_on: date | None = Field(default=None, alias="to")
    told_at: AwareDatetime | None = None
