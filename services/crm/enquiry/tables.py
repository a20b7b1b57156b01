"""Enquiries and what was done about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.enquiry.rules import EnquiryStatus, Pause, advance
from services.crm.reference.tables import Base
from shared.database import Part, Record


class Enquiry(Record, Base):
    """One enquiry. It lies at the unit that works on it; whoever heard it first stays its owner (首问负责)."""

    __tablename__ = "enquiries"
    record_type: ClassVar[str] = "enquiry"

    enquiry_no: Mapped[str]
    status: Mapped[str]
    kind: Mapped[str]
    channel: Mapped[str]
    unit_code: Mapped[str]
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    policy_id: Mapped[UUID | None]
    policy_no: Mapped[str | None]
    claim_no: Mapped[str | None]
    product: Mapped[str | None]
    asker: Mapped[dict[str, Any]]
    """`{name, phone, email, relation}`; name, phone and email are masked in every answer."""
    question: Mapped[str]
    received_at: Mapped[datetime]
    owner_id: Mapped[UUID]
    owner_staff_no: Mapped[str]
    handler_id: Mapped[UUID | None]
    transfer_count: Mapped[int] = mapped_column(default=0)
    complex: Mapped[bool] = mapped_column(default=False)
    promised_at: Mapped[datetime | None]
    promise_due_at: Mapped[datetime | None]
    promise_provisional: Mapped[bool] = mapped_column(default=False)
    extensions: Mapped[int] = mapped_column(default=0)
    pauses: Mapped[list[Any]] = mapped_column(JSONB)
    paused: Mapped[bool] = mapped_column(default=False)
    escalate_at: Mapped[datetime | None]
    """When the next level is asked; null while nothing is promised, and once the highest was asked."""
    escalation_step: Mapped[int] = mapped_column(default=0)
    escalated_to: Mapped[str | None]
    untouched_at: Mapped[datetime]
    """When it is too long that nobody has answered or promised."""
    answered_at: Mapped[datetime | None]
    answered_in_time: Mapped[bool | None]
    close_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    satisfaction: Mapped[str | None]
    """`very_satisfied … very_dissatisfied`, `declined`, or `no_reply`."""
    converting_to: Mapped[str | None]
    led_to_kind: Mapped[str | None]
    led_to_id: Mapped[UUID | None]
    """The claim, application or complaint that grew out of it."""

    @property
    def state(self) -> EnquiryStatus:
        return EnquiryStatus(self.status)

    def advance(self, to: EnquiryStatus) -> None:
        self.status = str(advance(self.state, to))

    @property
    def spans(self) -> list[Pause]:
        """The pauses with their times."""
        return [
            Pause(
                datetime.fromisoformat(one["from_at"]),
                datetime.fromisoformat(one["to_at"]) if one.get("to_at") else None,
                one["reason"],
            )
            for one in self.pauses
        ]


class EnquiryFact(Part, Base):
    """One thing that was done about an enquiry; `told` is what was said of it."""

    __tablename__ = "enquiry_facts"

    enquiry_id: Mapped[UUID] = mapped_column(ForeignKey("enquiries.id"))
    kind: Mapped[str]
    person_id: Mapped[UUID]
    staff_no: Mapped[str | None]
    occurred_at: Mapped[datetime]
    told: Mapped[dict[str, Any]]
