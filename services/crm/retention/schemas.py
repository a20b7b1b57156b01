"""A request for deletion, its end, and the erasure."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.crm.customer.schemas import CustomerState
from shared.clock import Instant
from shared.ids import Id


class FreezeCustomer(BaseModel):
    """The customer's request for deletion, as he made it; `requested_at` absent: now."""

    model_config = ConfigDict(extra="forbid")

    requested_at: AwareDatetime | None = None
    reason: str = Field(min_length=1, max_length=500)


class EndFreeze(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500)


class FreezeFactOut(BaseModel):
    """`keep_until` is absent while something is open; `grounds`: the last day of each ground that applies; `open`: how
    many contracts, claims and complaints are not finished.
    """

    id: Id
    created_at: Instant
    keep_until: date | None = None
    grounds: dict[str, date]
    open: dict[str, int]
    customer: CustomerState


class FreezeEndedOut(BaseModel):
    id: Id
    created_at: Instant
    customer: CustomerState
