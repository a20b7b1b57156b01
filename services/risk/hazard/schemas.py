"""Rating a hazard, and how it reads. Factors are decimal strings of fixed sets."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money, Rate

Factor = Annotated[Decimal, PlainSerializer(lambda value: format(value.normalize(), "f"), return_type=str)]


class RateHazard(BaseModel):
    model_config = ConfigDict(extra="forbid")

    description: str = Field(min_length=1, max_length=4000)
    place: str | None = Field(default=None, max_length=200)
    likelihood: Rate
    exposure: Rate
    consequence: Rate
    probable_maximum_loss: Money
    reasoning: str = Field(min_length=1, max_length=4000)
    comment: str | None = Field(default=None, max_length=2000)


class HazardItem(BaseModel):
    model_config = ConfigDict(from_attributes=True, validate_by_name=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    inspection_id: Id
    client_id: str
    policy_id: Id | None = None
    policy_no: str | None = None
    customer_id: Id
    unit_code: str
    status: str
    description: str
    likelihood: Factor
    exposure: Factor
    consequence: Factor
    score: Factor
    hazard_class: str = Field(serialization_alias="class")
    rectify_days: int
    probable_maximum_loss: Money
    reasoning: str
    comment: str | None = None
    due_on: date | None = None
    place: str | None = None
    notice_id: Id | None = None
    served_on: date | None = None
    extensions: int = 0
    steps: int = 0
    escalated_unit: str | None = None
    claimed_done_at: Instant | None = None
    reinspected_at: Instant | None = None
    closed_at: Instant | None = None


class EvidenceOut(BaseModel):
    """`kind`: `rectification` (the customer's) or `re_inspection`; `cured`: what the other visit found."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    created_at: Instant
    kind: str
    told: str
    cured: bool | None = None
    inspection_id: Id | None = None
    attachment_ids: list[str]
    person_id: Id
    occurred_at: Instant


class HazardOut(HazardItem):
    evidence: list[EvidenceOut]
    available_actions: list[ActionOut]


class HazardState(BaseModel):
    id: Id
    version: int
    status: str


class HazardFactOut(BaseModel):
    """One act on a hazard, with the hazard it changed."""

    id: Id
    created_at: Instant
    kind: str
    told: dict[str, Any]
    hazard: HazardState
