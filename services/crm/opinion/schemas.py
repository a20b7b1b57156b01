"""How opinions and demands are stated, answered and read."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.crm.opinion.rules import Topic
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money


class StatedOpinion(BaseModel):
    """What the customer thinks of a product or of our service."""

    model_config = ConfigDict(extra="forbid")

    topic: Topic
    product: str | None = Field(default=None, max_length=64)
    polarity: Literal["positive", "neutral", "negative"]
    text: str = Field(min_length=1, max_length=2000)


class StatedDemand(BaseModel):
    """What he needs; `estimated_premium` in yuan a year."""

    model_config = ConfigDict(extra="forbid")

    product_need: str = Field(min_length=1, max_length=2000)
    product: str | None = Field(default=None, max_length=64)
    estimated_premium: Money | None = None


class AnswerOpinion(BaseModel):
    """The answer; it is sent to the customer."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=500)


class ReviewDemand(BaseModel):
    """`adopted` and `rejected` are told to the customer."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["reviewed", "adopted", "rejected"]
    text: str = Field(min_length=1, max_length=500)


class OpinionItem(BaseModel):
    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    status: str
    customer_id: Id
    visit_id: Id
    topic: str
    product: str | None = None
    polarity: str
    text: str
    routed_to: str
    answer: str | None = None
    answered_at: Instant | None = None


class OpinionOut(OpinionItem):
    answered_by: dict[str, str] | None = None
    notice_id: Id | None = None
    available_actions: list[ActionOut]


class DemandItem(BaseModel):
    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    status: str
    customer_id: Id
    visit_id: Id
    product_need: str
    product: str | None = None
    estimated_premium: Money | None = None
    review: str | None = None
    reviewed_at: Instant | None = None


class DemandOut(DemandItem):
    reviewed_by: dict[str, str] | None = None
    notice_id: Id | None = None
    available_actions: list[ActionOut]


class StateOut(BaseModel):
    id: Id
    version: int
    status: str


class OpinionAnswerOut(BaseModel):
    id: Id
    created_at: Instant
    notice_id: Id
    opinion: StateOut


class DemandReviewOut(BaseModel):
    id: Id
    created_at: Instant
    outcome: str
    notice_id: Id | None = None
    demand: StateOut
