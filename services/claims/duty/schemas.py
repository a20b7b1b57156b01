"""Duty rosters, calls and their rates."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class ShiftIn(BaseModel):
    """One person's duty; the end is exclusive."""

    model_config = ConfigDict(extra="forbid")

    person_id: Id
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class PlanRoster(BaseModel):
    """The whole month: what is sent replaces what was planned. `reason`: why a published roster changes."""

    model_config = ConfigDict(extra="forbid")

    shifts: list[ShiftIn] = Field(max_length=1000)
    reason: str | None = Field(default=None, max_length=500)


class ShiftOut(BaseModel):
    person_id: Id
    staff_no: str | None = None
    starts_at: Instant
    ends_at: Instant


class RosterItem(BaseModel):
    """A roster in a list; `on_duty` are the persons on duty now."""

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    unit_code: str
    month: str
    shifts: list[ShiftOut]
    on_duty: list[Id]


class RosterOut(RosterItem):
    """A roster read singly."""

    available_actions: list[ActionOut]


class CallLine(BaseModel):
    """One line of an import: a call as the telephone system recorded it, without the caller's number."""

    model_config = ConfigDict(extra="forbid")

    call_ref: str = Field(min_length=1, max_length=80)
    unit_code: str = Field(min_length=1, max_length=20)
    received_at: AwareDatetime
    answered_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    person_id: Id | None = None


class RateOut(BaseModel):
    """Calls of one unit: `rate` of them answered, `quick_rate` within the seconds of the rule set."""

    unit_code: str
    calls: int
    answered: int
    answered_quickly: int
    rate: str | None = None
    quick_rate: str | None = None


class RatesOut(BaseModel):
    from_on: date
    to_on: date
    quick_answer_seconds: int
    items: list[RateOut]
    total: dict[str, Any]
