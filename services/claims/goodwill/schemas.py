"""Ex gratia payments as they cross HTTP."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from shared.money import Money


class ItemIn(BaseModel):
    """The item of the sheet: a claimant, a kind of loss, or both."""

    model_config = ConfigDict(extra="forbid")

    claimant_ref: str | None = Field(default=None, max_length=50)
    kind: str | None = Field(default=None, max_length=50)


class RequestExGratia(BaseModel):
    """`item`: what it is paid for; without it the whole sheet."""

    model_config = ConfigDict(extra="forbid")

    amount: Money
    reason: str = Field(max_length=2000)
    item: ItemIn | None = None
