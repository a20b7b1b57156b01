"""Payment orders as they cross HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class AccountIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    account: str = Field(min_length=4, max_length=60)


class ConfirmOrder(BaseModel):
    """`payer`: from whose account a premium came, as the bank states it; a refund needs none. `amount`, where it is
    told, is the one ordered.
    """

    model_config = ConfigDict(extra="forbid")

    paid_at: AwareDatetime
    payer: AccountIn | None = None
    reference: str = Field(min_length=1, max_length=100)
    amount: Money | None = None


class FailOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime
    reason_code: str = Field(min_length=1, max_length=60, pattern="^[a-z0-9_]+$")


class ResubmitOrder(BaseModel):
    """Sent again as it was, or a refund to another account of the policyholder."""

    model_config = ConfigDict(extra="forbid")

    payee: AccountIn | None = None


class PartyOut(BaseModel):
    name: str
    account: str | None = None


class OrderItem(BaseModel):
    """A payment order in a list; payer and payee are masked but for the core system, which collects and pays."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    unit_code: str
    application_id: Id | None = None
    policy_id: Id | None = None
    policy_no: str | None = None
    customer_id: Id
    line: str
    kind: str
    direction: str
    amount: Money
    due_on: date
    status: str
    sending: int
    sent_at: Instant
    paid_at: Instant | None = None
    reference: str | None = None
    failed_at: Instant | None = None
    failure_code: str | None = None
    payee: PartyOut | None = None
    payer: PartyOut | None = None
    masked: list[str] = Field(default_factory=list)


class OrderOut(OrderItem):
    """A payment order read singly, with how its amount came about."""

    computation: dict[str, Any]
    available_actions: list[ActionOut]


class OrderState(BaseModel):
    id: Id
    version: int
    status: str


class OrderFactOut(BaseModel):
    """A confirmation, a failure or a resubmission, and the order as it left it."""

    id: Id
    created_at: Instant
    payment_order: OrderState
