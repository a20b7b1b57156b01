"""Steps of an investigation; longer periods, pauses."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.ids import Id


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Investigate(_Body):
    """One step: whom one spoke with, which evidence came in, what was found."""

    kind: Literal["step", "contact", "evidence", "finding"] = "step"
    step: str = Field(min_length=1, max_length=2000)
    contacted: bool = False
    party: Literal["complainant", "staff", "third_party", "unit"] | None = None
    attachment_ids: list[Id] = Field(default_factory=list, max_length=50)
    occurred_at: AwareDatetime | None = None


class NewFacts(_Body):
    """New facts with the material that came with them, uploaded before; the complainant is told of the new period."""

    facts: str = Field(max_length=4000)
    received_on: date
    upload_ids: list[Id] = Field(default_factory=list, max_length=50)
    told_at: AwareDatetime | None = None
    staff_no: list[str] = Field(default_factory=list, max_length=20)
    """Persons named only now: they stay out from here on."""


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
