"""Days of the calendar, and a batch of visits for another engineer."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Instant
from shared.ids import Id


class CalendarEntry(BaseModel):
    """One visit. `agreed` tells a day agreed with the customer from a due day alone."""

    inspection_id: Id
    inspection_no: str
    kind: str
    status: str
    agreed: bool
    confirmed: bool
    scheduled_at: Instant | None = None
    due_on: date
    inspector_person_id: Id | None = None
    customer_id: Id
    policy_no: str | None = None
    site_id: Id | None = None
    unit_code: str


class CalendarDay(BaseModel):
    on: date
    entries: list[CalendarEntry]


class Load(BaseModel):
    """How many visits of the stretch somebody has; without a person those that nobody has yet."""

    inspector_person_id: Id | None = None
    unit_code: str
    visits: int
    overdue: int


class CalendarOut(BaseModel):
    """`truncated`: there are more visits than are shown; ask for fewer days or one unit."""

    items: list[CalendarDay]
    loads: list[Load]
    truncated: bool


class GiveItem(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ref: str = Field(min_length=1, max_length=80)
    inspection_id: Id
    version: int | None = None


class GiveVisits(BaseModel):
    """Give many visits to another engineer; each passes or fails by itself."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["reassign"]
    to_person_id: Id
    reason: str = Field(min_length=2, max_length=500)
    items: list[GiveItem] = Field(min_length=1, max_length=200)


class GivenOut(BaseModel):
    inspection_id: Id
    version: int
    status: str
    inspector_person_id: Id


class BatchResult(BaseModel):
    """`data` or `problem`, by `status`."""

    ref: str
    status: int
    data: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None


class BatchOut(BaseModel):
    results: list[BatchResult]
