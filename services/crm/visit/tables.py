"""Return visits, the attempts to make them, and what they found."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from services.crm.visit import rules
from shared.database import Part, Record
from shared.periods import Deadline


class ReturnVisit(Record, Base):
    """One visit: a customer asked about one policy, claim or complaint. It lies where the customer lies."""

    __tablename__ = "return_visits"
    record_type: ClassVar[str] = "return_visit"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str]
    about_kind: Mapped[str]
    about_id: Mapped[UUID]
    trigger: Mapped[int]
    """Which settlement of the claim it follows, by the number of the claim's event; 0 where there is only one."""
    status: Mapped[str]
    due: Mapped[dict[str, Any]]
    due_on: Mapped[date]
    due_at: Mapped[datetime]
    mode: Mapped[str | None]
    recording_ref: Mapped[str | None]
    questionnaire_version: Mapped[str | None]
    answers: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    remark: Mapped[str | None]
    score: Mapped[int | None]
    completed_at: Mapped[datetime | None]
    completed_by: Mapped[UUID | None]
    cancelled_by: Mapped[str | None]
    """The event that took the reason for the visit away; `cool_down` where the customer is left alone."""
    left_alone: Mapped[dict[str, Any] | None]
    """Until when and why he was left alone when the visit was to be planned."""
    batch_id: Mapped[UUID | None]
    questionnaire_id: Mapped[UUID | None]
    """The edition that was asked, where it was one of ours and not that of the rule set."""

    @property
    def state(self) -> rules.VisitStatus:
        return rules.VisitStatus(self.status)

    @property
    def deadline(self) -> Deadline:
        return Deadline.from_stored(self.due)


class VisitAttempt(Part, Base):
    """One attempt that did not lead to an answer."""

    __tablename__ = "visit_attempts"

    visit_id: Mapped[UUID] = mapped_column(ForeignKey("return_visits.id"))
    mode: Mapped[str]
    result: Mapped[str]
    occurred_at: Mapped[datetime]
    recording_ref: Mapped[str | None]
    remark: Mapped[str | None]
    person_id: Mapped[UUID]


class Finding(Record, Base):
    """A bad answer, wrong data or a missed visit; open until somebody has followed it up."""

    __tablename__ = "findings"
    record_type: ClassVar[str] = "finding"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    visit_id: Mapped[UUID | None]
    status: Mapped[str]
    source: Mapped[str]
    """Code of the question, name of the field, or id of the deadline."""
    area: Mapped[str]
    severity: Mapped[str]
    about_kind: Mapped[str]
    about_id: Mapped[UUID]
    due_on: Mapped[date | None]
    routed_unit: Mapped[str | None]
    routed_position: Mapped[str | None]
    fixed_at: Mapped[datetime | None]
    led_to_kind: Mapped[str | None]
    led_to_id: Mapped[UUID | None]
    """The complaint, application, claim or case that grew out of it."""


class SamplingKey(Base):
    """The one secret of the draw, kept with the data, so that a sample can be drawn again."""

    __tablename__ = "sampling_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[bytes]
