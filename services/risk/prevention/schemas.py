"""Items of a prevention plan, its confirmation, and how it reads."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id

Words = Annotated[str, Field(min_length=1, max_length=200)]


class PreventionItem(BaseModel):
    """`people`: who does it, at the insurer's, at an agency's and at the customer's."""

    model_config = ConfigDict(extra="forbid")

    item: str = Field(min_length=1, max_length=200)
    measure: str = Field(min_length=1, max_length=2000)
    frequency: Literal["once", "monthly", "quarterly", "half_yearly", "yearly"]
    people: list[Words] = Field(min_length=1, max_length=20)
    first_on: date | None = None


class WriteItems(BaseModel):
    """The whole list; what stood there before is replaced."""

    model_config = ConfigDict(extra="forbid")

    items: list[PreventionItem] = Field(min_length=1, max_length=100)
    reason: str | None = Field(default=None, max_length=500)


class ConfirmPrevention(BaseModel):
    """How and when the customer agreed, and in which position he who agreed is."""

    model_config = ConfigDict(extra="forbid")

    confirmed_at: AwareDatetime
    method: Literal["signature", "seal", "electronic", "email"]
    confirmed_by: str = Field(min_length=1, max_length=60)
    attachment_id: Id | None = None


class PreventionPlanItem(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    policy_id: Id
    policy_no: str
    policy_version: int
    customer_id: Id
    unit_code: str
    product: str
    risk_level: str
    insured_count: int
    starts_on: date
    ends_on: date
    status: str
    revised_because: list[str]
    confirmed_at: Instant | None = None


class PreventionPlanOut(PreventionPlanItem):
    """A plan read singly."""

    items: list[PreventionItem]
    confirmation: dict[str, Any] | None = None
    available_actions: list[ActionOut]


class PreventionState(BaseModel):
    id: Id
    version: int
    status: str


class PreventionFactOut(BaseModel):
    """The confirmation, with the plan that it changed."""

    id: Id
    created_at: Instant
    method: str
    confirmed_at: Instant
    prevention_plan: PreventionState
