"""Copies: marks of complaints and crm, signals of risk. Each keeps the newest word about its subject."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.policy.policy.tables import Base


class PolicyMark(Base):
    """A `complaint`, `mis_selling` case or `finding` about a policy, open or ended.

    `kept_out`: whom it must not reach.
    """

    __tablename__ = "policy_marks"

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_id: Mapped[UUID | None]
    is_open: Mapped[bool]
    since: Mapped[datetime]
    kept_out: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), default=list)
    area: Mapped[str | None]
    record_version: Mapped[int]


class RiskSignal(Base):
    """An `inspection` or `key_risk_file` as risk told of it. `overdue_since`: the day it was due on."""

    __tablename__ = "risk_signals"

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    hazard_class: Mapped[str | None]
    due_on: Mapped[date | None]
    overdue: Mapped[bool] = mapped_column(default=False)
    overdue_since: Mapped[date | None]
    is_open: Mapped[bool] = mapped_column(default=True)
    record_version: Mapped[int]
