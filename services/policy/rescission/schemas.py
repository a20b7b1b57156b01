"""A rescission as it crosses HTTP."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.policy.issue.schemas import RecordState
from services.policy.payment_order.schemas import AccountIn
from services.policy.rescission.rules import Intent
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class GroundIn(BaseModel):
    """What was not told. `affects`: whether it would have changed the acceptance or the rate (art. 16(2)).
    `proposal_reference`: the paper that asked it, where the proposal is not kept here.
    """

    model_config = ConfigDict(extra="forbid")

    question_code: str = Field(min_length=1, max_length=60)
    fact: str = Field(min_length=3, max_length=1000)
    affects: Literal["acceptance", "rate"]
    proposal_reference: str | None = Field(default=None, min_length=3, max_length=200)


class DeclareRescission(BaseModel):
    """`influence`: whether what was not told had serious influence on the losses (art. 16(5)). `payee`: the
    policyholder's own account, where the premium is returned.
    """

    model_config = ConfigDict(extra="forbid")

    policy_id: Id
    ground: GroundIn
    known_on: date
    intent: Intent
    influence: bool
    payee: AccountIn | None = None


class RescissionOut(BaseModel):
    """The rescission and what follows from it; `last_on` was the last day of the right."""

    id: Id
    created_at: Instant
    known_on: date
    formed_on: date
    last_on: date
    intent: str
    influence: bool
    losses_paid: bool
    refund_amount: Money
    payment_order_id: Id | None = None
    policy: RecordState
