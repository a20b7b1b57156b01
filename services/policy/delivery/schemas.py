"""Deliveries as they cross HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.policy.delivery.rules import Item, Method, Relation
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class SendItem(BaseModel):
    """Send one item of a policy, for the first time or again. `document_no`: of the policy, endorsement, receipt."""

    model_config = ConfigDict(extra="forbid")

    policy_id: Id
    item: Item
    document_no: str = Field(min_length=1, max_length=60)
    method: Method
    tracking: str | None = Field(default=None, max_length=60)
    electronic_id: str | None = Field(default=None, max_length=100)
    sent_at: AwareDatetime | None = None


class RecordDeliveryReceipt(BaseModel):
    """Who signed, and when. `receiver_id_no`: compared with the digests of staff, never kept."""

    model_config = ConfigDict(extra="forbid")

    received_at: AwareDatetime
    received_by: str = Field(min_length=1, max_length=100)
    relation: Relation
    receiver_id_no: str | None = Field(default=None, min_length=4, max_length=30)
    receipt_attachment_id: Id | None = None


class RecordReturn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    returned_at: AwareDatetime
    reason: str = Field(min_length=3, max_length=200)


class DeliveryOut(BaseModel):
    """One item. `due_on`: by when it should be with the customer; `counted_by`: what proves the receipt."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    policy_id: Id
    policy_no: str
    unit_code: str
    item: str
    document_no: str
    issued_on: date
    due_on: date
    status: str
    method: str | None = None
    tracking: str | None = None
    electronic_id: str | None = None
    sent_at: Instant | None = None
    received_at: Instant | None = None
    received_by: str | None = None
    receiver_relation: str | None = None
    counted_by: str | None = None
    receipt_attachment_id: Id | None = None
    returned_at: Instant | None = None
    return_reason: str | None = None
    attempts: list[dict[str, Any]]
    masked: list[str] = Field(default_factory=lambda: ["received_by"])


class DeliveryAlone(DeliveryOut):
    available_actions: list[ActionOut]
