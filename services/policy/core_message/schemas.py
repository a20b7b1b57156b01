"""Messages and their answers as they cross HTTP."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Instant
from shared.ids import Id


class Acknowledge(BaseModel):
    """The core's answer to one event. `reason`: wanted for a refusal."""

    model_config = ConfigDict(extra="forbid")

    event_id: Id
    outcome: Literal["accepted", "refused"]
    reason: str | None = Field(default=None, max_length=500)


class CoreMessageOut(BaseModel):
    """`status`: `sent` until it is answered, then `accepted` or `refused`. `sent_again_at`: when another
    event repeated it."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    subject: str
    record_id: Id
    policy_no: str | None = None
    status: str
    reason: str | None = None
    answered_at: Instant | None = None
    sent_again_at: Instant | None = None
