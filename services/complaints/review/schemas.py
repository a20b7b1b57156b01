"""A request for a review, and its decision."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.ids import Id


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RequestReview(_Body):
    """Written (art. 20): the request is a file, uploaded before."""

    requested_at: AwareDatetime
    grounds: str = Field(min_length=1, max_length=4000)
    upload_ids: list[Id] = Field(min_length=1, max_length=20)


class DecideReview(_Body):
    findings: str = Field(max_length=8000)
    basis: str = Field(max_length=4000)
    reasons: str = Field(max_length=8000)
    remedies: list[str] = Field(max_length=10)
    outcome: Literal["upheld", "changed", "sent_back"]
