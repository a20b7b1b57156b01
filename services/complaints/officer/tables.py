"""Officers whom a branch, or head office, has named."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from services.complaints.complaint.tables import Base
from shared.database import Record


class ComplaintOfficer(Record, Base):
    """One person's time as officer of one unit, from `from_on` to the day before `to_on`."""

    __tablename__ = "complaint_officers"
    record_type: ClassVar[str] = "complaint_officer"

    unit_code: Mapped[str]
    person_id: Mapped[UUID]
    staff_no: Mapped[str]
    duty: Mapped[str]
    from_on: Mapped[date]
    to_on: Mapped[date | None]
