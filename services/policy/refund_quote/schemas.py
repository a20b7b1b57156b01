"""Quotes as they cross HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from shared.clock import Instant
from shared.ids import Id
from shared.money import Money, SignedMoney


class AskQuote(BaseModel):
    """What would be given back or asked for, at `effective_at`, else at the beginning of `effective_on`, else now."""

    model_config = ConfigDict(extra="forbid")

    policy_id: Id
    kind: Literal["cancellation", "heads", "premium"] = "cancellation"
    effective_at: AwareDatetime | None = None
    effective_on: date | None = None
    by_insurer: bool = False
    added: int = Field(default=0, ge=0, le=100_000)
    removed: int = Field(default=0, ge=0, le=100_000)
    premium_after: Money | None = None

    @model_validator(mode="after")
    def _complete(self) -> AskQuote:
        if self.kind == "premium" and self.premium_after is None:
            raise ValueError("premium_after: the premium of the whole term after the change")
        return self


class QuoteOut(BaseModel):
    """`amount` in yuan: of a cancellation what is paid out (negative: what the customer still owes), of a change what
    is asked for (negative: given back). Nothing is stored and nobody is bound.
    """

    policy_id: Id
    policy_version: int
    kind: str
    effective_at: Instant
    amount: SignedMoney
    outstanding: Money
    computation: dict[str, Any]
