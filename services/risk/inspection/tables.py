"""Inspection plans, inspections, and the hazards that they find."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.risk.exposure.tables import Base
from services.risk.inspection.rules import InspectionStatus, advance
from shared.database import Record


class InspectionPlan(Record, Base):
    """When a policy's place is visited over its term; one for each policy."""

    __tablename__ = "inspection_plans"
    record_type: ClassVar[str] = "inspection_plan"

    policy_id: Mapped[UUID]
    policy_no: Mapped[str]
    policy_version: Mapped[int]
    customer_id: Mapped[UUID]
    unit_code: Mapped[str]
    risk_level: Mapped[str]
    cycle_months: Mapped[int]
    due_dates: Mapped[list[str]]
    status: Mapped[str]
    confirmed_at: Mapped[datetime | None]


class Inspection(Record, Base):
    """One visit, planned or not."""

    __tablename__ = "inspections"
    record_type: ClassVar[str] = "inspection"

    inspection_no: Mapped[str]
    kind: Mapped[str]
    status: Mapped[str]
    plan_id: Mapped[UUID | None]
    policy_id: Mapped[UUID | None]
    policy_no: Mapped[str | None]
    customer_id: Mapped[UUID]
    claim_id: Mapped[UUID | None]
    unit_code: Mapped[str]
    due_on: Mapped[date]
    stage: Mapped[str | None]
    """The newest stage that was told of the due day."""
    scheduled_at: Mapped[datetime | None]
    inspector_person_id: Mapped[UUID | None]
    inspected_at: Mapped[datetime | None]
    risk_level: Mapped[str | None]
    sections: Mapped[dict[str, Any]] = mapped_column(default=dict)
    participants: Mapped[list[str]] = mapped_column(default=list)
    warnings: Mapped[list[str]] = mapped_column(default=list)
    feedback: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """Role → `{text}` or `{declined}`."""
    reported_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    @property
    def state(self) -> InspectionStatus:
        return InspectionStatus(self.status)

    def advance(self, to: InspectionStatus) -> None:
        """Move to the next state; refused (409) where the lifecycle has no such move."""
        self.status = str(advance(self.state, to))


class Hazard(Record, Base):
    """One hazard, rated by likelihood, exposure and consequence."""

    __tablename__ = "hazards"
    record_type: ClassVar[str] = "hazard"

    inspection_id: Mapped[UUID]
    client_id: Mapped[str]
    """The inspecting device's own id: the same hazard sent again is the same hazard."""
    policy_id: Mapped[UUID | None]
    policy_no: Mapped[str | None]
    customer_id: Mapped[UUID]
    unit_code: Mapped[str]
    status: Mapped[str]
    description: Mapped[str]
    likelihood: Mapped[Decimal] = mapped_column(Numeric(6, 1))
    exposure: Mapped[Decimal] = mapped_column(Numeric(6, 1))
    consequence: Mapped[Decimal] = mapped_column(Numeric(6, 1))
    score: Mapped[Decimal] = mapped_column(Numeric(9, 3))
    hazard_class: Mapped[str]
    rectify_days: Mapped[int]
    probable_maximum_loss: Mapped[Decimal]
    reasoning: Mapped[str]
    comment: Mapped[str | None]
    due_on: Mapped[date | None]
    """Counted from the service of the written notice; none before it."""
    place: Mapped[str | None]
    found_by: Mapped[UUID | None]
    notice_id: Mapped[UUID | None]
    served_on: Mapped[date | None]
    extensions: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int] = mapped_column(default=0)
    """How often its period has passed without cure: the levels that it has climbed."""
    escalated_unit: Mapped[str | None]
    claimed_done_at: Mapped[datetime | None]
    reinspected_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
