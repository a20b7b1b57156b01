"""What became of a claim's periods, and when they are looked at again. The periods themselves follow from the claim."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base
from shared.database import Part


class DeadlineMark(Part, Base):
    """Something that happened once because a period came so far: `breached`, `escalated` or `task`."""

    __tablename__ = "claim_deadline_marks"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    deadline: Mapped[str]
    started_on: Mapped[date]
    mark: Mapped[str]
    at: Mapped[datetime]
    unit_code: Mapped[str | None]
    """Where an escalation went."""


class DeadlineLook(Part, Base):
    """When the periods of a claim were looked at last, and when at the latest again."""

    __tablename__ = "claim_deadline_looks"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    looked_at: Mapped[datetime]
    again_at: Mapped[datetime]
