"""Findings of return visits that concern loss prevention."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.risk.exposure.tables import Base


class FindingSeen(Base):
    """One finding as crm raised it; `plan_id` once the plan of the policy that it is about is known."""

    __tablename__ = "findings_seen"

    finding_id: Mapped[UUID] = mapped_column(primary_key=True)
    about_kind: Mapped[str]
    about: Mapped[UUID]
    severity: Mapped[str]
    raised_at: Mapped[datetime]
    plan_id: Mapped[UUID | None]
    corrected_at: Mapped[datetime | None]
    measures: Mapped[str | None]
    person_id: Mapped[UUID | None]
