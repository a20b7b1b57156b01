"""Custodians, documents, their movements and counts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from services.policy.controlled_document.rules import DocumentStatus
from services.policy.policy.tables import Base
from shared.database import Part, Record


class Custodian(Record, Base):
    """Who keeps the controlled documents of a unit, from one day to another; one at a time."""

    __tablename__ = "document_custodians"
    record_type: ClassVar[str] = "document_custodian"

    unit_code: Mapped[str]
    person_id: Mapped[UUID]
    staff_no: Mapped[str]
    from_on: Mapped[date]
    to_on: Mapped[date | None]


class ControlledDocument(Record, Base):
    """One serial number. `used_for`: number of the policy, endorsement or receipt it was printed on."""

    __tablename__ = "controlled_documents"
    record_type: ClassVar[str] = "controlled_document"

    kind: Mapped[str]
    prefix: Mapped[str]
    number: Mapped[int]
    serial: Mapped[str]
    unit_code: Mapped[str]
    holder_person_id: Mapped[UUID | None]
    copies: Mapped[int]
    status: Mapped[str]
    used_for: Mapped[str | None]
    used_at: Mapped[datetime | None]
    volume_id: Mapped[UUID | None]

    @property
    def state(self) -> DocumentStatus:
        return DocumentStatus(self.status)


class DocumentMovement(Part, Base):
    """One movement of a range; written once and never changed."""

    __tablename__ = "document_movements"

    kind: Mapped[str]
    prefix: Mapped[str]
    first_number: Mapped[int]
    last_number: Mapped[int]
    action: Mapped[str]
    from_unit: Mapped[str | None]
    to_unit: Mapped[str | None]
    from_person_id: Mapped[UUID | None]
    to_person_id: Mapped[UUID | None]
    used_for: Mapped[str | None]
    reason: Mapped[str | None]
    person_id: Mapped[UUID]


class DocumentCount(Record, Base):
    """The count of one month in one unit, with what the register said and where both differ."""

    __tablename__ = "document_counts"
    record_type: ClassVar[str] = "document_count"

    unit_code: Mapped[str]
    month: Mapped[str]
    counted: Mapped[list[dict[str, Any]]]
    expected: Mapped[list[dict[str, Any]]]
    differences: Mapped[list[dict[str, Any]]]
    explanation: Mapped[str | None]
    person_id: Mapped[UUID]
