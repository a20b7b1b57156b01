"""A cancellation as it crosses HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from services.policy.issue.schemas import RecordState
from services.policy.payment_order.schemas import AccountIn
from shared.clock import Instant
from shared.ids import Id
from shared.money import SignedMoney


class CarryOutCancellation(BaseModel):
    """`payee`: the policyholder's own account, where something is given back."""

    model_config = ConfigDict(extra="forbid")

    payee: AccountIn | None = None


class CancellationOut(BaseModel):
    """`amount` in yuan: what is given back; negative: what is still owed."""

    id: Id
    created_at: Instant
    effective_at: Instant
    amount: SignedMoney
    computation: dict[str, Any]
    claims_open: int
    payment_order_id: Id | None = None
    policy: RecordState
    application: RecordState | None = None
