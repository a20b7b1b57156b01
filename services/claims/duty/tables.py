"""Duty rosters by unit and month, and the calls that came in."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base
from shared.database import Part, Record


class DutyRoster(Record, Base):
    """The roster of one unit for one month (`2026-12`), every hour of it covered; its id follows from both."""

    __tablename__ = "duty_rosters"
    record_type: ClassVar[str] = "duty_roster"

    unit_code: Mapped[str]
    month: Mapped[str]
    shifts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """`{person_id, starts_at, ends_at}` in the order of their beginning; an end is exclusive."""


class DutyCall(Part, Base):
    """One incoming call as the telephone system recorded it; no number of a caller is kept."""

    __tablename__ = "duty_calls"

    unit_code: Mapped[str]
    call_ref: Mapped[str]
    """The telephone system's own number of the call."""
    received_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    person_id: Mapped[UUID | None]
