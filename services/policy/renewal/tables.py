"""Renewals of policies that come to their end."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.policy.policy.tables import Base
from services.policy.renewal.rules import RenewalStatus
from shared.database import Record


class Renewal(Record, Base):
    """One end of one policy. `days`: the nearest reminder given; `reasons`: what stands against it. It holds nothing:
    cover runs to its end whatever is decided here.
    """

    __tablename__ = "renewals"
    record_type: ClassVar[str] = "renewal"

    unit_code: Mapped[str]
    policy_id: Mapped[UUID] = mapped_column(ForeignKey("policies.id"))
    policy_no: Mapped[str]
    customer_id: Mapped[UUID]
    ends_at: Mapped[datetime]
    days: Mapped[int]
    status: Mapped[str]
    reasons: Mapped[list[str]] = mapped_column(JSONB)
    referred_to: Mapped[str | None] = mapped_column("referred_unit_code")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    reason: Mapped[str | None]

    @property
    def state(self) -> RenewalStatus:
        return RenewalStatus(self.status)
