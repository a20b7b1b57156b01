"""Bodies and answers of submissions."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.policy.application.schemas import RecordState
from services.policy.disclosure.schemas import Signer
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class Submit(BaseModel):
    """The form as the customer signed it."""

    model_config = ConfigDict(extra="forbid")

    signed_at: AwareDatetime
    signer: Signer
    method: Literal["signature", "seal", "electronic_signature"]
    evidence_ref: str = Field(min_length=3, max_length=200)
    reason: str | None = Field(default=None, max_length=500)


class SubmissionOut(BaseModel):
    """`survey_reasons`: why somebody has to look at the place first; none where nobody has to."""

    id: Id
    created_at: Instant
    round: int
    amount: Money | None = None
    base_premium: Money | None = None
    survey_reasons: list[str]
    effects: dict[str, list[str]]
    application: RecordState


def effects_of(more: Any) -> dict[str, list[str]]:
    """What the material answers lead to."""
    return dict(more.get("effects", {}))
