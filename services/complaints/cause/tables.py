"""Actions against causes."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.complaints.complaint.tables import Base
from shared.database import OrgPath, Part


class RootCause(Part, Base):
    """One action against the cause of a complaint: whose it is, until when, and whether the cause came back."""

    __tablename__ = "root_causes"

    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaints.id"))
    cause: Mapped[str]
    product: Mapped[str | None]
    action: Mapped[str]
    owner_person_id: Mapped[UUID]
    owner_path: Mapped[str] = mapped_column(OrgPath)
    due_on: Mapped[date]
    done_at: Mapped[datetime | None]
    done_note: Mapped[str | None]
    check_on: Mapped[date | None]
    checked_at: Mapped[datetime | None]
    recurred: Mapped[int | None]
    status: Mapped[str]
