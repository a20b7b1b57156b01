"""Talks with customers."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class LogContact(BaseModel):
    """`contact_role`: whom one spoke to."""

    model_config = ConfigDict(extra="forbid")

    customer_id: Id
    contact_role: Literal["leader", "safety_head", "other"]
    channel: Literal["phone", "letter", "visit", "web", "email", "app"]
    contacted_at: AwareDatetime
    summary: str = Field(min_length=1, max_length=4000)


class ContactOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    customer_id: Id
    unit_code: str
    contact_role: str
    channel: str
    contacted_at: Instant
    summary: str
    person_id: Id


class ContactAlone(ContactOut):
    """A talk read singly: it is written once and never changed."""

    available_actions: list[ActionOut]
