"""How a finding reads, and how it is followed up."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.crm.timeline.schemas import About
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class FollowUpFinding(BaseModel):
    """One step; `fixed` ends the finding."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["customer_contacted", "corrected", "explained", "handed_over", "no_fault_found", "other"]
    text: str = Field(min_length=1, max_length=2000)
    fixed: bool = False


class FindingOwner(BaseModel):
    """The service whose matter it is, and who sees to it where."""

    service: str
    unit_code: str
    position: str


class FindingItem(BaseModel):
    """A finding in a list."""

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    status: str
    source: str
    area: str
    severity: str
    about: About
    customer_id: Id
    visit_id: Id | None = None
    due_on: date | None = None
    owner: FindingOwner | None = None
    fixed_at: Instant | None = None
    led_to: About | None = None


class FollowUpOut(BaseModel):
    id: Id
    created_at: Instant
    action: str
    text: str
    fixed: bool
    person: dict[str, str]


class FindingOut(FindingItem):
    """A finding read singly."""

    follow_ups: list[FollowUpOut]
    available_actions: list[ActionOut]


class FindingStateOut(BaseModel):
    id: Id
    version: int
    status: str


class FollowUpFactOut(BaseModel):
    id: Id
    created_at: Instant
    action: str
    fixed: bool
    finding: FindingStateOut
