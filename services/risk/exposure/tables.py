"""Policies and claims as their services announced them; copies without row scope."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


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
