"""The reply, its telling, and the early ends."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.ids import Id


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Decide(_Body):
    findings: str = Field(max_length=8000)
    basis: str = Field(max_length=4000)
    reasons: str = Field(max_length=8000)
    remedies: list[str] = Field(max_length=10)
    outcome: str = Field(max_length=60)


class Notify(_Body):
    """How and when the complainant was told; the proof is a file of the complaint, or a number."""

    method: str = Field(pattern="^(handed|posted|sms|email|phone)$")
    notified_at: AwareDatetime
    proof_attachment_id: Id | None = None
    proof_reference: str | None = Field(default=None, max_length=200)
    """Number of the recording, the registered letter or the message, where there is no file."""


class Withdraw(_Body):
    """The procedure ends on the day the withdrawal arrives."""

    withdrawn_at: AwareDatetime
    reason: str = Field(min_length=1, max_length=500)


class Merge(_Body):
    """The complaint that is kept."""

    into: Id
