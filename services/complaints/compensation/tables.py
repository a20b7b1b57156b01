"""Compensations of a complaint and the steps of their approval."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.complaints.complaint.tables import Base
from shared.database import Part


class Compensation(Part, Base):
    """One proposal. `proposed_for` is the delegator of a proposer who acted on somebody's behalf."""

    __tablename__ = "compensations"

    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaints.id"))
    amount: Mapped[Decimal]
    reason: Mapped[str]
    status: Mapped[str]
    line: Mapped[str]
    proposed_by: Mapped[UUID]
    proposed_for: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    payment_reference: Mapped[str | None]


class CompensationStep(Part, Base):
    """One act on the chain of a compensation."""

    __tablename__ = "compensation_steps"

    compensation_id: Mapped[UUID] = mapped_column(ForeignKey("compensations.id"))
    step: Mapped[int]
    kind: Mapped[str]
    outcome: Mapped[str]
    position: Mapped[str]
    unit_code: Mapped[str]
    level: Mapped[str]
    person_id: Mapped[UUID]
    staff_no: Mapped[str]
    on_behalf_of: Mapped[UUID | None]
    amount: Mapped[Decimal]
    reason: Mapped[str | None]
    reason_code: Mapped[str | None]
    table_version: Mapped[str]
