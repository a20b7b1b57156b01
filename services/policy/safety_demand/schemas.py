"""Demands for safety as they cross HTTP."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.policy.payment_order.schemas import AccountIn
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Rate


class DemandIncrease(BaseModel):
    """`clause_id`: the agreed duty that was not kept. `increase_rate`: 0.20 for a fifth more."""

    model_config = ConfigDict(extra="forbid")

    clause_id: str | None = Field(default=None, max_length=40)
    increase_rate: Rate
    reason: str = Field(min_length=3, max_length=500)


class AgreeIncrease(BaseModel):
    """The endorsement by which the policyholder agreed, in effect."""

    model_config = ConfigDict(extra="forbid")

    application_id: Id


class CancelCover(BaseModel):
    """`proof`: of closure or full stop of production, where the cover is compulsory. `payee`: the policyholder's own
    account, where something is given back.
    """

    model_config = ConfigDict(extra="forbid")

    clause_id: str | None = Field(default=None, max_length=40)
    reason: str = Field(min_length=3, max_length=500)
    proof: str | None = Field(default=None, min_length=3, max_length=200)
    payee: AccountIn | None = None


class DropDemand(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=3, max_length=500)


class DemandItem(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    unit_code: str
    policy_id: Id
    policy_no: str
    customer_id: Id
    hazard_id: Id
    hazard_class: str
    due_on: date
    status: str
    clause_id: str | None = None
    increase_rate: Rate | None = None
    demanded_at: Instant | None = None
    reason: str | None = None
    application_id: Id | None = None


class DemandOut(DemandItem):
    available_actions: list[ActionOut]


class DemandState(BaseModel):
    id: Id
    version: int
    status: str


class DemandFactOut(BaseModel):
    """An act on a demand, and the demand as it left it."""

    id: Id
    created_at: Instant
    payment_order_id: Id | None = None
    safety_demand: DemandState
