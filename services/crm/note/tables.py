"""Notes on customers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from shared.database import Part


class CustomerNote(Part, Base):
    """What a colleague wrote; `mentions` are the persons who were asked to read it."""

    __tablename__ = "customer_notes"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    text: Mapped[str]
    mentions: Mapped[list[Any]] = mapped_column(JSONB)
    person_id: Mapped[UUID]
    staff_no: Mapped[str]
    position: Mapped[str]
