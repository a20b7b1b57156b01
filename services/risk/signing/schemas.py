"""A side's signature, and an explanation."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.ids import Id


class SignReport(BaseModel):
    """The inspector's own signature, or the customer's: by name, position and way, or the reason why there is none."""

    model_config = ConfigDict(extra="forbid")

    side: Literal["inspector", "customer"]
    signed_at: AwareDatetime
    method: Literal["handwritten", "seal", "electronic"] | None = None
    signer_name: str | None = Field(default=None, max_length=60)
    signer_role: str | None = Field(default=None, max_length=60)
    attachment_id: Id | None = None
    refused_reason: str | None = Field(default=None, max_length=500)


class Explain(BaseModel):
    """Why the report says otherwise than the claims."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=2, max_length=2000)
