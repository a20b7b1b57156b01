"""Cases of suspected mis-selling."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from services.complaints.complaint.tables import Base
from shared.database import Record


class MisSellingCase(Record, Base):
    """One seller and one policy, from one source. Invisible to the seller and to the seller's line managers."""

    __tablename__ = "mis_selling_cases"
    record_type: ClassVar[str] = "mis_selling_case"

    status: Mapped[str]
    source_kind: Mapped[str]
    source_id: Mapped[UUID]
    policy_no: Mapped[str | None]
    policy_id: Mapped[UUID | None]
    product: Mapped[str | None]
    seller_person_id: Mapped[UUID]
    kept_out: Mapped[list[str]]
    found_at: Mapped[datetime]
    due_on: Mapped[date]
    due_legal_on: Mapped[date]
    due_at: Mapped[datetime]
    deadline: Mapped[dict[str, Any]]
    handler_person_id: Mapped[UUID | None]
    findings: Mapped[str | None]
    actions: Mapped[list[dict[str, Any]]]
    outcome: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
