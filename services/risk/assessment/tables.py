"""Risk assessments."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.risk.exposure.tables import Base
from shared.database import Record


class RiskAssessment(Record, Base):
    """What loss prevention thinks of a risk, before the contract or during it."""

    __tablename__ = "risk_assessments"
    record_type: ClassVar[str] = "risk_assessment"

    customer_id: Mapped[UUID]
    application_id: Mapped[UUID | None]
    policy_id: Mapped[UUID | None]
    policy_no: Mapped[str | None]
    inspection_id: Mapped[UUID | None]
    site_id: Mapped[UUID | None]
    unit_code: Mapped[str]
    status: Mapped[str]
    score: Mapped[int]
    level: Mapped[str]
    factors: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    advice: Mapped[list[str]]
    summary: Mapped[str]
    assessor_person_id: Mapped[UUID]
    signed_by: Mapped[UUID | None]
    signed_at: Mapped[datetime | None]
    handed_over_at: Mapped[datetime | None]
    handed_over: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
