"""Officers of a unit."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.complaints.officer.rules import OfficerDuty
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class NameOfficer(BaseModel):
    """`to_on` is the first day on which the person is it no longer."""

    model_config = ConfigDict(extra="forbid")

    unit_code: str = Field(min_length=2, max_length=20)
    staff_no: str = Field(min_length=1, max_length=40)
    duty: OfficerDuty
    from_on: date
    to_on: date | None = None


class EndOfficer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to_on: date
    reason: str = Field(min_length=1, max_length=500)


class OfficerItem(BaseModel):
    """An officer in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    unit_code: str
    person_id: Id
    staff_no: str
    duty: OfficerDuty
    from_on: date
    to_on: date | None = None


class OfficerOut(OfficerItem):
    """An officer read singly."""

    available_actions: list[ActionOut]
