"""Lawsuits and arbitrations as they cross HTTP."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.claims.litigation.rules import Result
from shared.money import Money


class OpenLitigation(BaseModel):
    """`claimant_ref`: who sues, where it is one of the claimants; without it the proceedings are about all of them."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["court", "arbitration"]
    court: str = Field(min_length=1, max_length=200)
    case_no: str = Field(min_length=1, max_length=100)
    filed_on: date
    hearing_on: date | None = None
    claimed_amount: Money
    claimant_ref: str | None = Field(default=None, max_length=50)
    reason: str = Field(max_length=2000)


class RecordResult(BaseModel):
    """`amount`: what the insured owes by it; `final`: it can no longer be appealed."""

    model_config = ConfigDict(extra="forbid")

    result: Result
    decided_on: date
    served_on: date | None = None
    amount: Money | None = None
    final: bool = False
    reason: str | None = Field(default=None, max_length=2000)
