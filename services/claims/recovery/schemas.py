"""Recoveries as they cross HTTP."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.ids import Id
from shared.money import Money


class DebtorIn(BaseModel):
    """Who owes it."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["person", "organisation"]
    name: str = Field(min_length=1, max_length=100)


class OpenRecovery(BaseModel):
    """A new recovery: `against`, `basis` (the ground in law) and `amount`. With `waive` it is to be given up: a new
    one, or the one that `recovery_id` names."""

    model_config = ConfigDict(extra="forbid")

    against: DebtorIn | None = None
    basis: str | None = Field(default=None, max_length=500)
    amount: Money | None = None
    reason: str = Field(max_length=2000)
    waive: bool = False
    recovery_id: Id | None = None


class RecordRecovered(BaseModel):
    """Money that came in; `reference`: the bank's."""

    model_config = ConfigDict(extra="forbid")

    amount: Money
    received_at: AwareDatetime
    reference: str = Field(min_length=1, max_length=100)
