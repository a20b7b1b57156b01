"""What was done about a finding."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from shared.database import Part


class FollowUp(Part, Base):
    """One step; the one with `fixed` ends the finding."""

    __tablename__ = "follow_ups"

    finding_id: Mapped[UUID] = mapped_column(ForeignKey("findings.id"))
    action: Mapped[str]
    text: Mapped[str]
    fixed: Mapped[bool]
    person_id: Mapped[UUID]
