"""Editions of questionnaires."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from services.crm.questionnaire import rules
from services.crm.reference.tables import Base
from shared.database import Record


class Questionnaire(Record, Base):
    """One edition. An approved one never changes: a correction is the next edition, which retires it."""

    __tablename__ = "questionnaires"
    record_type: ClassVar[str] = "questionnaire"

    purpose: Mapped[str]
    """A kind of visit, or `survey`."""
    code: Mapped[str]
    edition: Mapped[int]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    content: Mapped[dict[str, Any]]
    status: Mapped[str]
    drafted_by: Mapped[UUID]
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]

    @property
    def asked(self) -> tuple[rules.Asked, ...]:
        return rules.read_questions(self.content["questions"])
