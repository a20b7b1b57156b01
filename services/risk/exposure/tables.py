"""Policies and claims as their services announced them, copies without row scope; and the insured sites."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.database import Record


class Base(DeclarativeBase):
    """The tables of the risk service."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        Decimal: Numeric(18, 2),
        dict[str, Any]: JSONB,
        list[str]: JSONB,
    }


class PolicySeen(Base):
    """The newest version of a policy, as far as loss prevention needs it."""

    __tablename__ = "policies_seen"

    policy_id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_no: Mapped[str]
    policy_version: Mapped[int]
    customer_id: Mapped[UUID]
    path: Mapped[str]
    unit_code: Mapped[str]
    product: Mapped[str]
    line: Mapped[str]
    compulsory: Mapped[bool]
    risk_level: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    limit_per_accident: Mapped[Decimal | None]
    aggregate_limit: Mapped[Decimal | None]
    insured_count: Mapped[int]
    seller_id: Mapped[UUID | None]
    underwriter_id: Mapped[UUID | None]


class PolicyEndSeen(Base):
    """The end of a policy's cover before its term, which may be heard before the policy itself."""

    __tablename__ = "policy_ends_seen"

    policy_id: Mapped[UUID] = mapped_column(primary_key=True)
    ended_at: Mapped[datetime]
    record_version: Mapped[int]


class ApplicationEndedSeen(Base):
    """An application that will not become a policy: nobody surveys for it any more."""

    __tablename__ = "applications_ended_seen"

    application_id: Mapped[UUID] = mapped_column(primary_key=True)
    outcome: Mapped[str]


class ClaimSeen(Base):
    """A claim: whose, when, and whether somebody was hurt. Events of one claim come in any order."""

    __tablename__ = "claims_seen"

    claim_id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    path: Mapped[str]
    loss_on: Mapped[date | None]
    injured_count: Mapped[int | None]
    death_count: Mapped[int | None]
    cancelled: Mapped[bool] = mapped_column(default=False)
    record_version: Mapped[int] = mapped_column(default=0)
    """Of the newest report or match that was heard."""


class CustomerMerged(Base):
    """A customer that is another one since."""

    __tablename__ = "merged_customers"

    merged_id: Mapped[UUID] = mapped_column(primary_key=True)
    kept_id: Mapped[UUID]


class Site(Record, Base):
    """An insured place: where it lies, how many people work there, and in which industry."""

    __tablename__ = "sites"
    record_type: ClassVar[str] = "site"

    customer_id: Mapped[UUID]
    policy_id: Mapped[UUID | None]
    policy_no: Mapped[str | None]
    name: Mapped[str]
    address: Mapped[str]
    address_key: Mapped[str]
    """The address without spaces, in one width and case: what two writings of one address have alike."""
    area_code: Mapped[str]
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    """Degrees; both are there or none."""
    insured_count: Mapped[int]
    industry: Mapped[str]
    unit_code: Mapped[str]
    status: Mapped[str] = mapped_column(default="active")
