"""Policy versions and insured lists as the policy service announced them. No row scope: a policy outside the caller's
scope is matched all the same, and only its number comes back."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base


class CoverVersion(Base):
    """One complete version of a policy; appended, never overwritten."""

    __tablename__ = "cover_versions"

    policy_id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_version: Mapped[int] = mapped_column(primary_key=True)
    policy_no: Mapped[str]
    unit_code: Mapped[str]
    customer_id: Mapped[UUID]
    product: Mapped[str]
    line: Mapped[str]
    status: Mapped[str]
    made_at: Mapped[datetime]
    """When the issuer made this version, not when it arrived here."""
    effective_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    cover: Mapped[dict[str, Any]]
    exclusions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    seller_id: Mapped[UUID | None]
    underwriter_id: Mapped[UUID | None]
    reinsured: Mapped[bool]
    insured_count: Mapped[int]
    business: Mapped[str]
    """`individual` or `group`."""


class InsuredEntry(Base):
    """One person on the insured list of a version, by reference and keyed digest only."""

    __tablename__ = "insured_entries"

    policy_id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_version: Mapped[int] = mapped_column(primary_key=True)
    insured_ref: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[int]
    parts: Mapped[int]
    id_digest: Mapped[str | None]
    covered_from: Mapped[date]
    covered_to: Mapped[date]
    occupation_class: Mapped[int | None]
    sum_insured: Mapped[Decimal | None]


class OpenHazard(Base):
    """A hazard that loss prevention found and has not closed; shown at the first notice."""

    __tablename__ = "open_hazards"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    hazard_class: Mapped[str]
    due_on: Mapped[date | None]
    overdue: Mapped[bool]
    closed: Mapped[bool]
    record_version: Mapped[int]


class CoverEnd(Base):
    """When a policy's cover was cancelled or rescinded, kept for versions that arrive after the news of it."""

    __tablename__ = "cover_ends"

    policy_id: Mapped[UUID] = mapped_column(primary_key=True)
    effective_at: Mapped[datetime]
    kind: Mapped[str]
    losses_paid: Mapped[bool] = mapped_column(default=False)
    """Of a rescission: what was not told had no serious influence on losses before it (保险法 art. 16(5))."""


class PremiumWindowSeen(Base):
    """A premium that came in for an application, and the decision on it; either may arrive first."""

    __tablename__ = "premium_windows"

    application_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID | None]
    line: Mapped[str | None]
    received_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]


class MergedCustomer(Base):
    """Two customer records that are one person: references to the merged one mean the kept one."""

    __tablename__ = "merged_customers"

    merged_id: Mapped[UUID] = mapped_column(primary_key=True)
    kept_id: Mapped[UUID]


class KeyAccount(Base):
    """A customer whose claims come first in the order of work; never another result."""

    __tablename__ = "key_accounts"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    tier: Mapped[str | None]
    record_version: Mapped[int]
