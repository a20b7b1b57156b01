"""Batches of visits that somebody planned."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from services.crm.reference.tables import Base
from shared.database import Record


class VisitBatch(Record, Base):
    """Who had which visits planned, and why."""

    __tablename__ = "visit_batches"
    record_type: ClassVar[str] = "visit_batch"

    kind: Mapped[str]
    reason: Mapped[str]
    due_on: Mapped[date]
    planned: Mapped[int]
    left_out: Mapped[int]
    person_id: Mapped[UUID]
