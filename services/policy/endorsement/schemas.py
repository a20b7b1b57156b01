"""An endorsement as it crosses HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from services.policy.issue.schemas import RecordState
from services.policy.payment_order.schemas import AccountIn
from shared.clock import Instant
from shared.ids import Id
from shared.money import SignedMoney


class MakeEndorsement(BaseModel):
    """`payee`: the policyholder's account, where something is given back."""

    model_config = ConfigDict(extra="forbid")

    payee: AccountIn | None = None


class EndorsementOut(BaseModel):
    """The change as it was made, or (`finance_pending`) as it waits for its premium; `amount` in yuan, negative: given
    back.
    """

    id: Id
    created_at: Instant
    endorsement_no: str | None = None
    policy_version: int | None = None
    effective_at: Instant | None = None
    amount: SignedMoney
    computation: dict[str, Any]
    payment_order_id: Id | None = None
    policy: RecordState
    application: RecordState
