"""How notices are listed, and how one that a person told is reported."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.crm.timeline.schemas import About
from shared.clock import Instant
from shared.ids import Id


class MessageItem(BaseModel):
    """A notice of a service to a customer, as its events tell; never its text."""

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    service: str
    kind: str | None = None
    about: About
    customer_id: Id | None = None
    channel: str
    state: str


class ReportMessage(BaseModel):
    """What became of a notice that somebody had to tell himself."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["delivered", "failed"]
    reason: str | None = Field(default=None, max_length=200)


class MessageToTell(BaseModel):
    """A notice that waits for somebody to tell it; whom and where comes from a reveal of the customer."""

    id: Id
    channel: str
    state: str
    customer_id: Id | None = None
    subject: str
    text: str


class MessageReportOut(BaseModel):
    id: Id
    created_at: Instant
    notice_id: Id
    state: str
