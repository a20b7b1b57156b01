"""Bodies and answers of premium receipts."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.policy.application.schemas import RecordState
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class RecordReceipt(BaseModel):
    """What came in, when, and under which number of the bank's."""

    model_config = ConfigDict(extra="forbid")

    amount: Money
    received_at: AwareDatetime
    reference: str = Field(min_length=3, max_length=100)
    reason: str | None = Field(default=None, max_length=500)


class ReceiptOut(BaseModel):
    id: Id
    created_at: Instant
    amount: Money
    received_at: Instant
    reference: str
    application: RecordState
