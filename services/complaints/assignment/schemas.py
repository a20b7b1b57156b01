"""Identity checks, assignments and candidates."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.ids import Id


class CheckIdentity(BaseModel):
    """What was checked and how; an anonymous lead is recorded as such."""

    model_config = ConfigDict(extra="forbid")

    result: str = Field(pattern="^(confirmed|proxy_confirmed|anonymous)$")
    checked_at: AwareDatetime | None = None
    papers: list[str] = Field(default_factory=list, max_length=20)


class Assign(BaseModel):
    """Without a person the officer with the least open work among the eligible ones is chosen."""

    model_config = ConfigDict(extra="forbid")

    officer_person_id: Id | None = None
    reason: str | None = Field(default=None, max_length=500)


class CandidateOut(BaseModel):
    person_id: Id
    staff_no: str
    unit_code: str
    open_items: int
    duty: str | None = None
    eligible: bool
    reason: str | None = None


class CandidatesOut(BaseModel):
    items: list[CandidateOut]
