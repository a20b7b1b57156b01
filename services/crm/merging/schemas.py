"""Two customers become one."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from services.crm.customer.schemas import CustomerState
from shared.clock import Instant
from shared.ids import Id


class MergeCustomer(BaseModel):
    """The record in the path is kept; `merged_id` goes into it."""

    model_config = ConfigDict(extra="forbid")

    merged_id: Id
    reason: str = Field(min_length=1, max_length=500)


class MergeFactOut(BaseModel):
    id: Id
    created_at: Instant
    merged_id: Id
    customer: CustomerState
