"""Who was sent to a loss, and what was found there. A signed survey never changes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base
from shared.database import Part


class Dispatch(Part, Base):
    """One sending of one surveyor, with the time by which the survey is wanted."""

    __tablename__ = "claim_dispatches"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    surveyor_person_id: Mapped[UUID]
    due_at: Mapped[datetime]
    person_id: Mapped[UUID]
    reason: Mapped[str | None]
    """Why another one goes, or why the loss is surveyed again."""
    resurvey: Mapped[bool] = mapped_column(default=False)


class DispatchAnswer(Part, Base):
    """What the surveyor who was sent said to it; a no has its reason."""

    __tablename__ = "dispatch_answers"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    accepted: Mapped[bool]
    reason: Mapped[str | None]
    person_id: Mapped[UUID]


class LossSurvey(Part, Base):
    """One survey as signed; `fault_ratio` is the surveyor's opinion, 0 to 1."""

    __tablename__ = "claim_surveys"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    surveyor_person_id: Mapped[UUID]
    surveyed_at: Mapped[datetime]
    place: Mapped[str | None]
    participants: Mapped[list[str]]
    findings: Mapped[str]
    fault_ratio: Mapped[Decimal | None] = mapped_column(Numeric(7, 6))
    opinion: Mapped[str | None]
    photos: Mapped[list[Any]] = mapped_column(JSONB)
