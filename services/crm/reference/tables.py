"""What crm keeps of other services' records: whose they are, their numbers, and no more than it reads.

The copies have no place in the tree: they are read through the customer, who has one.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The tables of the crm service."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        Decimal: Numeric(18, 2),
        bytes: LargeBinary,
        dict[str, Any]: JSONB,
    }


class RecordReference(Base):
    """Whose record it is: told with the record itself, or taken over from its parent (a claim from its policy)."""

    __tablename__ = "record_references"

    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    customer_id: Mapped[UUID | None]
    parent_id: Mapped[UUID | None]
    path: Mapped[str]
    ended: Mapped[bool] = mapped_column(default=False)


class PolicyReference(Base):
    """A policy as its newest version states it."""

    __tablename__ = "policy_references"

    policy_id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_no: Mapped[str]
    policy_version: Mapped[int]
    product: Mapped[str]
    line: Mapped[str]
    business: Mapped[str]
    issued_on: Mapped[date]
    ends_on: Mapped[date]
    premium: Mapped[Decimal | None]
    cancelled_on: Mapped[date | None]
    insured_count: Mapped[int | None]
    highest_limit: Mapped[Decimal | None]
    """The highest of its limits per accident and in all."""
    starts_on: Mapped[date | None]


class PolicyReceived(Base):
    """The day on which the customer had his policy in hand; it may be told before the policy itself."""

    __tablename__ = "policies_received"

    policy_id: Mapped[UUID] = mapped_column(primary_key=True)
    received_on: Mapped[date]


class ClaimReference(Base):
    """A claim; `settled_version` and `reopened_version` count the claim's events, so that order can be told."""

    __tablename__ = "claim_references"

    claim_id: Mapped[UUID] = mapped_column(primary_key=True)
    claim_no: Mapped[str | None]
    policy_id: Mapped[UUID | None]
    line: Mapped[str | None]
    reported_at: Mapped[datetime | None]
    settled_version: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    paid_amount: Mapped[Decimal | None]
    reopened_version: Mapped[int] = mapped_column(default=0)
    cancelled: Mapped[bool] = mapped_column(default=False)
    duplicate_of: Mapped[UUID | None]
    surveyed_at: Mapped[datetime | None]
    """When the first loss survey was in."""


class ComplaintReference(Base):
    """A complaint, as far as it matters for who is visited and who is left alone."""

    __tablename__ = "complaint_references"

    complaint_id: Mapped[UUID] = mapped_column(primary_key=True)
    claim_id: Mapped[UUID | None]
    policy_id: Mapped[UUID | None]
    cause: Mapped[str | None]
    due_on: Mapped[date | None]
    due_legal_on: Mapped[date | None]
    due_version: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str | None]
    notified_at: Mapped[datetime | None]
    withdrawn: Mapped[bool] = mapped_column(default=False)


class DutyTaken(Base):
    """Who sold a policy, who did what on a claim: not the one who asks the customer about it."""

    __tablename__ = "duties_taken"

    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    duty: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)


class KeptOut(Base):
    """Who must stay out of a complaint or a case of mis-selling: a row policy hides from them what is told of it."""

    __tablename__ = "kept_out"

    person_id: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)


class NoticeSeen(Base):
    """A notice of any service to a customer, in its newest state; it lies where the record lies that it is about."""

    __tablename__ = "notices_seen"

    id: Mapped[UUID] = mapped_column("notice_id", primary_key=True)
    org_path: Mapped[str] = mapped_column(Text(collation="C"))
    created_at: Mapped[datetime]
    service: Mapped[str]
    kind: Mapped[str | None]
    about_id: Mapped[UUID]
    channel: Mapped[str]
    state: Mapped[str]
    at: Mapped[datetime]
    record_version: Mapped[int]
