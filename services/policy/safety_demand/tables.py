"""What was proposed and demanded for duties that were not kept."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from services.policy.policy.tables import Base
from services.policy.safety_demand.rules import DemandStatus
from shared.database import Record


class SafetyDemand(Record, Base):
    """One overdue hazard of one policy. `increase_rate`: the share of the premium that is demanded more."""

    __tablename__ = "safety_demands"
    record_type: ClassVar[str] = "safety_demand"

    unit_code: Mapped[str]
    policy_id: Mapped[UUID] = mapped_column(ForeignKey("policies.id"))
    policy_no: Mapped[str]
    customer_id: Mapped[UUID]
    hazard_id: Mapped[UUID]
    hazard_class: Mapped[str]
    due_on: Mapped[date]
    status: Mapped[str]
    outcome: Mapped[str | None]
    clause_id: Mapped[str | None]
    increase_rate: Mapped[Decimal | None] = mapped_column(Numeric(8, 6))
    demanded_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    reason: Mapped[str | None]
    application_id: Mapped[UUID | None]

    @property
    def state(self) -> DemandStatus:
        return DemandStatus(self.status)
