"""Desks and their people."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from shared.database import Part, Record


class Desk(Record, Base):
    """The desk of one unit. `hours` are windows of a working day, `[["08:30", "12:00"], …]`, Asia/Shanghai."""

    __tablename__ = "desks"
    record_type: ClassVar[str] = "desk"

    unit_code: Mapped[str]
    hours: Mapped[list[Any]] = mapped_column(JSONB)
    phone: Mapped[str | None]


class DeskPerson(Part, Base):
    """Somebody who takes enquiries there; in the order in which they are asked."""

    __tablename__ = "desk_people"

    desk_id: Mapped[UUID] = mapped_column(ForeignKey("desks.id"))
    person_id: Mapped[UUID]
    staff_no: Mapped[str]
    full_time: Mapped[bool]
    place: Mapped[int]
