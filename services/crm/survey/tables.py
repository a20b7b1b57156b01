"""Plans and surveys."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from services.crm.survey import rules
from shared.database import Record


class SurveyPlan(Record, Base):
    """What a unit asks its customers in a year, and who answers for the improvements."""

    __tablename__ = "survey_plans"
    record_type: ClassVar[str] = "survey_plan"

    year: Mapped[int]
    entries: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    person_id: Mapped[UUID]


class Survey(Record, Base):
    """One survey of the customers of a unit and of those below it."""

    __tablename__ = "surveys"
    record_type: ClassVar[str] = "survey"

    status: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    plan_id: Mapped[UUID | None] = mapped_column(ForeignKey("survey_plans.id"))
    plan_code: Mapped[str | None]
    reason: Mapped[str | None]
    questionnaire_id: Mapped[UUID]
    frame: Mapped[dict[str, Any]]
    sample_per_unit: Mapped[int]
    channel: Mapped[str]
    anonymous: Mapped[bool]
    starts_on: Mapped[date]
    closes_on: Mapped[date]
    owner_id: Mapped[UUID]
    """Who answers for the improvements."""
    drafted_by: Mapped[UUID]
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    sample: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """How many were invited, and how many left out for which reason, of each unit."""
    closed_at: Mapped[datetime | None]
    analysis: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    @property
    def state(self) -> rules.SurveyStatus:
        return rules.SurveyStatus(self.status)
