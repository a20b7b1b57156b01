"""Issuing a notice, its receipt, and how it reads."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class IssueNotice(BaseModel):
    """`rectify_days`: fewer days than the class of a hazard gives, by its id."""

    model_config = ConfigDict(extra="forbid")

    inspection_id: Id
    hazard_ids: list[Id] = Field(max_length=100)
    rectify_days: dict[str, Annotated[int, Field(ge=0, le=3660)]] = Field(default_factory=dict)
    advice: str | None = Field(default=None, max_length=4000)


class NoticeReceipt(BaseModel):
    """When and how the notice reached the customer, and the file of the receipt; each of the three is needed."""

    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime | None = None
    method: str = Field(default="", max_length=40, pattern="^([a-z][a-z0-9_]*)?$")
    receipt_attachment_id: Id | None = None


class NoticedHazard(BaseModel):
    """What the notice told of one hazard; `due_on` once it was served."""

    hazard_id: Id
    hazard_class: str = Field(validation_alias="class", serialization_alias="class")
    rectify_days: int
    due_on: date | None = None


class NoticeItem(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    inspection_id: Id
    inspection_no: str
    policy_id: Id | None = None
    policy_no: str | None = None
    customer_id: Id
    unit_code: str
    hazards: list[NoticedHazard]
    advice: str | None = None
    issued_by: Id
    letter_id: Id | None = None
    attachment_id: Id | None = None
    served_at: Instant | None = None
    served_method: str | None = None
    receipt_attachment_id: Id | None = None


class NoticeOut(NoticeItem):
    available_actions: list[ActionOut]


class IssuedOut(BaseModel):
    """`page`: the PDF in base64, of a dry run only."""

    id: Id
    version: int
    created_at: Instant
    hazards: list[NoticedHazard]
    letter_id: Id | None = None
    attachment_id: Id | None = None
    template_version: str
    title: str
    page: str | None = None


class NoticeState(BaseModel):
    id: Id
    version: int


class ServedOut(BaseModel):
    """The service of a notice, with the days that run from it."""

    id: Id
    created_at: Instant
    served_at: Instant
    method: str
    hazards: list[NoticedHazard]
    rectification_notice: NoticeState
