"""Answers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Numeric, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base


class SurveyAnswer(Base):
    """One answer. An anonymous one has neither time nor customer, and a random id that says nothing of its order."""

    __tablename__ = "survey_answers"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    org_path: Mapped[str] = mapped_column(Text(collation="C"))
    survey_id: Mapped[UUID] = mapped_column(ForeignKey("surveys.id"))
    product: Mapped[str | None]
    touch_point: Mapped[str | None]
    answers: Mapped[dict[str, Any]]
    points: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    """The mean of what counts, 0 to 100, not rounded to whole points: an index is rounded once, at its end."""
    invitation_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    answered_at: Mapped[datetime | None]
