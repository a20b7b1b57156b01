"""Notes on records."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Mapped

from services.risk.exposure.tables import Base
from shared.database import Part


class RecordNote(Part, Base):
    """One note on a record of any kind."""

    __tablename__ = "record_notes"

    record_type: Mapped[str]
    record_id: Mapped[UUID]
    text: Mapped[str]
    mentions: Mapped[list[str]]
    person_id: Mapped[UUID]
    staff_no: Mapped[str]
    position: Mapped[str]
