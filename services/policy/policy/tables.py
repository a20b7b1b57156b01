"""Policies and their versions, insured persons, and what claims used of the limits."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.database import Part, Record


class Base(DeclarativeBase):
    """The tables of the policy service."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        Decimal: Numeric(18, 2),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
        list[str]: JSONB,
    }


class Policy(Record, Base):
    """One policy as its newest version states it; older versions stand beside it."""

    __tablename__ = "policies"
    record_type: ClassVar[str] = "policy"

    policy_no: Mapped[str]
    unit_code: Mapped[str]
    customer_id: Mapped[UUID]
    customer_core_no: Mapped[str | None]
    product: Mapped[str]
    line: Mapped[str]
    business: Mapped[str]
    compulsory: Mapped[bool]
    issued_by: Mapped[str]
    made_here: Mapped[bool] = mapped_column(default=False)
    """Whether number and versions are made here: the core then sends none of it."""
    stated_status: Mapped[str]
    """As the newest version says; what holds at a moment follows from it and the clock."""
    policy_version: Mapped[int]
    issued_on: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    premium: Mapped[Decimal]
    insured_count: Mapped[int]
    risk_level: Mapped[str]
    reinsured: Mapped[bool]
    seller_id: Mapped[UUID | None]
    seller_staff_no: Mapped[str | None]
    cover: Mapped[dict[str, Any]]
    exclusions: Mapped[list[dict[str, Any]]]
    exhausted: Mapped[bool] = mapped_column(default=False)
    claims_open: Mapped[int] = mapped_column(default=0)
    """A mark set by events; it does not raise the version."""
    application_id: Mapped[UUID | None]
    product_version: Mapped[int | None]
    """The version of the product's terms it was made on, where they are known here."""
    underwriter_id: Mapped[UUID | None]
    formed_on: Mapped[date | None]
    """The day the contract was formed (art. 13), where it was decided here; else that of the issue stands for it."""


class PolicyVersion(Part, Base):
    """One version as it was told, complete and never changed."""

    __tablename__ = "policy_versions"

    policy_id: Mapped[UUID] = mapped_column(ForeignKey("policies.id"))
    number: Mapped[int]
    change: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    effective_at: Mapped[datetime]
    status: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    premium: Mapped[Decimal]
    premium_delta: Mapped[Decimal]
    refund_amount: Mapped[Decimal]
    insured_count: Mapped[int]
    cover: Mapped[dict[str, Any]]
    exclusions: Mapped[list[dict[str, Any]]]
    digest: Mapped[str]
    applied: Mapped[str]


class InsuredPerson(Part, Base):
    """One person on the list of one version. Number and name are personal: masked in every answer."""

    __tablename__ = "insured_persons"

    policy_id: Mapped[UUID] = mapped_column(ForeignKey("policies.id"))
    number: Mapped[int]
    ref: Mapped[str]
    name: Mapped[str]
    id_type: Mapped[str]
    id_no: Mapped[str]
    id_digest: Mapped[str]
    occupation_class: Mapped[int | None]
    covered_from: Mapped[date]
    covered_to: Mapped[date]
    sum_insured: Mapped[Decimal | None]
    beneficiaries: Mapped[list[dict[str, Any]]]


class LossRecord(Base):
    """A claim on a policy as claims announced it: loss history, and what a settlement used of the limits. A copy."""

    __tablename__ = "loss_records"

    claim_id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_id: Mapped[UUID | None]
    claim_no: Mapped[str | None]
    loss_at: Mapped[datetime | None]
    injured_count: Mapped[int | None]
    death_count: Mapped[int | None]
    outcome: Mapped[str | None]
    paid_amount: Mapped[Decimal | None]
    by_limit: Mapped[list[dict[str, Any]]]
    settled_at: Mapped[datetime | None]
    settled_version: Mapped[int] = mapped_column(default=0)
    """Record version of the newest settlement or reopening applied: a copy never goes back."""
    cancelled: Mapped[bool] = mapped_column(default=False)


class CustomerReference(Base):
    """What policy knows of a customer: the id, the core's number, and who took over after a merge."""

    __tablename__ = "customer_references"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    core_no: Mapped[str | None]
    unit_code: Mapped[str | None]
    merged_into: Mapped[UUID | None]
    record_version: Mapped[int]
