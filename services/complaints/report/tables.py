"""Reports of a month, as they were printed."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.complaints.complaint.tables import Base
from shared.database import Part


class ComplaintReport(Part, Base):
    """One report for whoever asked: its figures leave out what that person may not see."""

    __tablename__ = "complaint_reports"

    month: Mapped[date]
    unit_code: Mapped[str]
    person_id: Mapped[UUID]
    figures: Mapped[dict[str, Any]]
    page: Mapped[bytes] = mapped_column(deferred=True)
    sha256: Mapped[bytes]
