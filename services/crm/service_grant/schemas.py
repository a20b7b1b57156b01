"""A service for one customer, asked for and confirmed."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GrantRequest(_Body):
    """`occasion`: why now. What is promised for buying or renewing is refused (保险法 art. 116)."""

    item_id: Id
    customer_id: Id
    quantity: int = Field(default=1, ge=1, le=1000)
    planned_on: date
    occasion: Literal["care", "prevention", "accident_help", "training", "season", "purchase", "renewal"]
    purpose: str = Field(min_length=1, max_length=500)


class ConfirmGrant(_Body):
    """`fulfilled`: it was carried out, at this cost. `confirmed`: the customer says so, and how good it was."""

    step: Literal["fulfilled", "confirmed"]
    on: date
    cost: Money | None = None
    confirmed_by: str | None = Field(default=None, min_length=1, max_length=100)
    score: int | None = Field(default=None, ge=1, le=5)
    remark: str | None = Field(default=None, max_length=500)


class GrantItem(BaseModel):
    """A granted service in a list."""

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    item_id: Id
    item_code: str
    item_name: dict[str, str]
    customer_id: Id
    status: str
    tier: str | None = None
    year: int
    quantity: int
    planned_cost: Money
    cost: Money | None = None
    purpose: str
    planned_on: date
    due_at: Instant | None = None
    fulfilled_on: date | None = None
    confirmed_on: date | None = None
    score: int | None = None


class GrantOut(GrantItem):
    """A granted service read singly, with what the year has left for the customer."""

    budget: dict[str, Any]
    available_actions: list[ActionOut]


class GrantState(BaseModel):
    id: Id
    version: int
    status: str


class GrantFactOut(BaseModel):
    id: Id
    created_at: Instant
    step: str
    on: date
    cost: Money | None = None
    service_grant: GrantState
