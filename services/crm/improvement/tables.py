"""Improvements."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from shared.database import Record


class SurveyAction(Record, Base):
    """One improvement that a survey led to."""

    __tablename__ = "survey_actions"
    record_type: ClassVar[str] = "survey_action"

    survey_id: Mapped[UUID] = mapped_column(ForeignKey("surveys.id"))
    status: Mapped[str]
    text: Mapped[str]
    unit_code: Mapped[str]
    owner_id: Mapped[UUID]
    due_on: Mapped[date]
    result: Mapped[str | None]
    done_at: Mapped[datetime | None]
    done_by: Mapped[UUID | None]
    person_id: Mapped[UUID]
