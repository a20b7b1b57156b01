"""Registration with its reserve, and later steps of the reserve."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from services.claims.claim.schemas import FactOut
from shared.ids import Id
from shared.money import Money


class ReservePart(BaseModel):
    """A part of the reserve, by claimant, by kind of loss, or both."""

    model_config = ConfigDict(extra="forbid")

    claimant_ref: str | None = Field(default=None, max_length=60)
    loss_kind: str | None = Field(default=None, max_length=60)
    amount: Money


class RegisterClaim(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reserve_amount: Money
    reason: str = Field(max_length=500)
    no_survey_reason: str | None = Field(default=None, max_length=500)
    parts: list[ReservePart] = Field(default_factory=list, max_length=200)


class ChangeReserve(BaseModel):
    """`reserve_amount` is the new reserve of the whole claim; `parts`, where given, add up to it."""

    model_config = ConfigDict(extra="forbid")

    reserve_amount: Money
    reason: str = Field(max_length=500)
    parts: list[ReservePart] = Field(default_factory=list, max_length=200)


class ReserveOut(FactOut):
    """One step: from, to, who, why."""

    from_amount: Money
    reserve_amount: Money
    reason: str
    person_id: Id
    parts: list[ReservePart] = Field(default_factory=list)
