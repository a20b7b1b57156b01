"""Prevention plans."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.risk.exposure.tables import Base
from shared.database import Record


class PreventionPlan(Record, Base):
    """One for each policy whose product serves the prevention of accidents."""

    __tablename__ = "prevention_plans"
    record_type: ClassVar[str] = "prevention_plan"

    policy_id: Mapped[UUID]
    policy_no: Mapped[str]
    policy_version: Mapped[int]
    customer_id: Mapped[UUID]
    unit_code: Mapped[str]
    product: Mapped[str]
    risk_level: Mapped[str]
    insured_count: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    status: Mapped[str]
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    revised_because: Mapped[list[str]] = mapped_column(JSONB, default=list)
    """What of the policy changed since the customer confirmed the plan."""
    confirmed_at: Mapped[datetime | None]
    confirmation: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
