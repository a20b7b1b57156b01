"""A desk, as it is staffed and read."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Instant
from shared.ids import Id

Clock = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Window = Annotated[list[Clock], Field(min_length=2, max_length=2)]


class DeskPersonIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    staff_no: str = Field(min_length=1, max_length=40)
    full_time: bool


class StaffDesk(BaseModel):
    """The whole desk: who is not named is not there any more. The first named is asked first."""

    model_config = ConfigDict(extra="forbid")

    people: list[DeskPersonIn] = Field(max_length=50)
    hours: list[Window] = Field(max_length=6)
    phone: str | None = Field(default=None, max_length=30)


class DeskPersonOut(BaseModel):
    person_id: Id
    staff_no: str
    full_time: bool


class DeskOut(BaseModel):
    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    unit_code: str
    hours: list[list[str]]
    phone: str | None = None
    people: list[DeskPersonOut]
