"""Data that were checked with the customer."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from shared.database import Record


class DataCheck(Record, Base):
    """One field as it was stored and as the customer stated it: his statement on file, whatever becomes of it."""

    __tablename__ = "data_checks"
    record_type: ClassVar[str] = "data_check"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    visit_id: Mapped[UUID | None]
    finding_id: Mapped[UUID | None]
    field: Mapped[str]
    stored: Mapped[str | None]
    stated: Mapped[str | None]
    matches: Mapped[bool]
    status: Mapped[str]
    person_id: Mapped[UUID]
    settled_at: Mapped[datetime | None]
