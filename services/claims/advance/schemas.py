"""Advances as they cross HTTP."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from shared.money import Money


class RequestAdvance(BaseModel):
    """`amount`: what can be ascertained now, in yuan; `claimant_ref`: for whom, where it is for one."""

    model_config = ConfigDict(extra="forbid")

    amount: Money
    reason: str = Field(max_length=2000)
    claimant_ref: str | None = Field(default=None, max_length=50)
