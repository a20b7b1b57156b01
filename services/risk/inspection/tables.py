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
from shared.database import Part, Record


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
    product: Mapped[str | None]
    planned_from: Mapped[date]
    """The day on which the policy was first planned: what lies before it is never planned."""
    confirmed_at: Mapped[datetime | None]
    confirmation: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


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
    application_id: Mapped[UUID | None]
    site_id: Mapped[UUID | None]
    place: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Where to go for an application, whose site is not registered yet."""
    reasons: Mapped[list[str]] = mapped_column(default=list)
    seller_id: Mapped[UUID | None]
    """Who sells the contract applied for; of a policy its own copy tells it."""
    unit_code: Mapped[str]
    due_on: Mapped[date]
    stage: Mapped[str | None]
    """The newest stage that was told of the due day."""
    scheduled_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    confirmation: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Who at the customer's agreed to the visit, and by what way."""
    inspector_person_id: Mapped[UUID | None]
    checklist_id: Mapped[UUID | None]
    inspected_at: Mapped[datetime | None]
    risk_level: Mapped[str | None]
    sections: Mapped[dict[str, Any]] = mapped_column(default=dict)
    score: Mapped[Decimal | None] = mapped_column(Numeric(5, 1))
    scores: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Section → points of 100 by the checklist."""
    jointly: Mapped[bool] = mapped_column(default=False)
    participants: Mapped[list[str]] = mapped_column(default=list)
    explanation: Mapped[str | None]
    """Why the report says otherwise than the claims."""
    warnings: Mapped[list[str]] = mapped_column(default=list)
    feedback: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """Role → `{text}` or `{declined}`."""
    reported_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    @property
    def state(self) -> InspectionStatus:
        return InspectionStatus(self.status)

    def advance(self, to: InspectionStatus) -> None:
        """Move to the next state; refused (409) where the lifecycle has no such move."""
        self.status = str(advance(self.state, to))


class InspectionSignature(Part, Base):
    """One side's signature below a report, or why there is none."""

    __tablename__ = "inspection_signatures"

    inspection_id: Mapped[UUID]
    side: Mapped[str]
    signer_name: Mapped[str | None]
    signer_role: Mapped[str | None]
    method: Mapped[str | None]
    attachment_id: Mapped[UUID | None]
    refused_reason: Mapped[str | None]
    signed_at: Mapped[datetime]
    person_id: Mapped[UUID]


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
    overdue_for: Mapped[date | None]
    """The due day whose passing was told."""
    escalated_unit: Mapped[str | None]
    claimed_done_at: Mapped[datetime | None]
    reinspected_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
