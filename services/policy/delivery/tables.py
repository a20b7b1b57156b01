"""Deliveries, each a record of its own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.policy.delivery.rules import DeliveryStatus
from services.policy.policy.tables import Base
from shared.database import Record


class Delivery(Record, Base):
    """One item on its way to the customer. `received_by` is personal: masked in every answer.

    `attempts`: `{method, tracking, sent_at, returned_at, reason}` of every sending that came back.
    """

    __tablename__ = "deliveries"
    record_type: ClassVar[str] = "delivery"

    policy_id: Mapped[UUID] = mapped_column(ForeignKey("policies.id"))
    policy_no: Mapped[str]
    unit_code: Mapped[str]
    item: Mapped[str]
    document_no: Mapped[str]
    issued_on: Mapped[date]
    due_on: Mapped[date]
    status: Mapped[str]
    method: Mapped[str | None]
    tracking: Mapped[str | None]
    electronic_id: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    sent_by: Mapped[UUID | None]
    received_at: Mapped[datetime | None]
    received_by: Mapped[str | None]
    receiver_relation: Mapped[str | None]
    counted_by: Mapped[str | None]
    receipt_attachment_id: Mapped[UUID | None]
    returned_at: Mapped[datetime | None]
    return_reason: Mapped[str | None]
    attempts: Mapped[list[dict[str, Any]]]

    @property
    def state(self) -> DeliveryStatus:
        return DeliveryStatus(self.status)
