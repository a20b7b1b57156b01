"""A longer period as it crosses HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.claims.claim.schemas import FactOut
from shared.clock import Instant


class MarkComplex(BaseModel):
    """`told_at`: when the claimant was told the reason."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=500)
    told_at: Instant


class ComplexityOut(FactOut):
    """`deadline`: the period that applies now; absent until papers have come in."""

    reason: str
    told_at: Instant
    deadline: dict[str, Any] | None = None
