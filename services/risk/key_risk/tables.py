"""Risk control files of key risks."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.risk.exposure.tables import Base
from shared.database import Part, Record


class KeyRiskFile(Record, Base):
    """The one risk control file of a customer; not two are open at a time."""

    __tablename__ = "key_risk_files"
    record_type: ClassVar[str] = "key_risk_file"

    customer_id: Mapped[UUID]
    unit_code: Mapped[str]
    status: Mapped[str]
    criteria: Mapped[list[str]]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_reason: Mapped[str | None]
    last_contact_at: Mapped[datetime | None]
    contact_due_on: Mapped[date | None]
    """The last day by which somebody speaks to the customer again."""
    reviewed_at: Mapped[datetime | None]
    review_due_on: Mapped[date | None]
    """None until the first review."""


class ContactLog(Record, Base):
    """One talk with a customer about its safety, outside of visits."""

    __tablename__ = "contact_logs"
    record_type: ClassVar[str] = "contact_log"

    customer_id: Mapped[UUID]
    unit_code: Mapped[str]
    contact_role: Mapped[str]
    channel: Mapped[str]
    contacted_at: Mapped[datetime]
    summary: Mapped[str]
    person_id: Mapped[UUID]


class KeyRiskReview(Part, Base):
    """What was found when the file was looked through, and what will be done."""

    __tablename__ = "key_risk_reviews"

    file_id: Mapped[UUID]
    findings: Mapped[str]
    measures: Mapped[str]
    criteria: Mapped[list[str]]
    next_review_on: Mapped[date]
    person_id: Mapped[UUID]


class KeyRiskEvaluation(Base):
    """When a customer's criteria were looked at last."""

    __tablename__ = "key_risk_evaluations"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    evaluated_at: Mapped[datetime]


class KeyAccount(Base):
    """A customer that is a key account; without a tier it is one no longer."""

    __tablename__ = "key_accounts"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    tier: Mapped[str | None]
    manager_id: Mapped[UUID | None]
    record_version: Mapped[int]
