"""Survey requests, and copies of what risk told: surveys, assessments, open hazards."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.policy.policy.tables import Base
from shared.database import Part


class SurveyRequest(Part, Base):
    """A survey before cover that was asked for; `reasons` are its triggers."""

    __tablename__ = "survey_requests"

    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id"))
    reasons: Mapped[list[str]]
    site: Mapped[str]
    requested_by: Mapped[UUID]


class SurveyCopy(Base):
    """A survey whose report was signed, as risk announced it. A copy."""

    __tablename__ = "survey_copies"

    inspection_id: Mapped[UUID] = mapped_column(primary_key=True)
    application_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    risk_level: Mapped[str]
    hazards: Mapped[dict[str, Any]]
    probable_maximum_loss: Mapped[Decimal | None]
    surveyors: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    completed_at: Mapped[datetime]
    record_version: Mapped[int]


class AssessmentCopy(Base):
    """A risk assessment that was signed and handed over. A copy."""

    __tablename__ = "assessment_copies"

    assessment_id: Mapped[UUID] = mapped_column(primary_key=True)
    application_id: Mapped[UUID | None]
    customer_id: Mapped[UUID]
    score: Mapped[int]
    level: Mapped[str]
    signed_at: Mapped[datetime]
    record_version: Mapped[int]


class HazardCopy(Base):
    """A hazard of a customer and whether its rectification is still open. A copy."""

    __tablename__ = "hazard_copies"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    hazard_class: Mapped[str]
    due_on: Mapped[date | None]
    overdue: Mapped[bool] = mapped_column(default=False)
    closed: Mapped[bool] = mapped_column(default=False)
