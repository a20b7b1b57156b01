"""Directives: one record for each unit addressed."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from gateway.organisation.tables import Base
from shared.database import Record


class Directive(Record, Base):
    """What one unit was told to do. It lies at that unit, so the unit and all above see it, its neighbours do not."""

    __tablename__ = "directives"
    record_type: ClassVar[str] = "directive"

    issue_id: Mapped[UUID]
    """The same for all units that were addressed at once."""
    unit_code: Mapped[str]
    issuer_unit_code: Mapped[str]
    issued_by: Mapped[UUID]
    text: Mapped[str]
    due_on: Mapped[date]
    status: Mapped[str]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    done_at: Mapped[datetime | None]
    done_by: Mapped[UUID | None]
    result: Mapped[str | None]
