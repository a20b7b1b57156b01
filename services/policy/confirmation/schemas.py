"""Bodies of confirmations."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.policy.disclosure.schemas import Signer


class Confirm(BaseModel):
    """`agreed` false: the customer does not want it on these terms."""

    model_config = ConfigDict(extra="forbid")

    agreed: bool
    confirmed_at: AwareDatetime
    signer: Signer
    method: Literal["signature", "seal", "electronic_signature", "voice_recording"]
    evidence_ref: str = Field(min_length=3, max_length=200)
    reason: str | None = Field(default=None, max_length=500)
