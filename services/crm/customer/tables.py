"""Customers, who may be spoken to for them, who served them when, and what the core system said of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from shared.database import Part, Record


class Customer(Record, Base):
    """One customer. `org_path` is that of the unit which serves him.

    Until the core system or somebody here has said who he is, a customer is only heard of (`known` false): a place for
    what happened to him.
    """

    __tablename__ = "customers"
    record_type: ClassVar[str] = "customer"

    core_no: Mapped[str | None]
    core_version: Mapped[int] = mapped_column(default=0)
    known: Mapped[bool]
    kind: Mapped[str | None]
    name: Mapped[str | None]
    id_type: Mapped[str | None]
    id_no: Mapped[str | None]
    id_digest: Mapped[str | None]
    phone: Mapped[str | None]
    phone_digest: Mapped[str | None]
    email: Mapped[str | None]
    address: Mapped[str | None]
    area_code: Mapped[str | None]
    unit_code: Mapped[str]
    unit_pending: Mapped[bool] = mapped_column(default=False)
    """The unit stated is not known here; the record lies where its sender sits."""
    team_code: Mapped[str | None]
    manager_id: Mapped[UUID | None]
    manager_staff_no: Mapped[str | None]
    preferred_channel: Mapped[str | None]
    channel_set_here: Mapped[bool] = mapped_column(default=False)
    """What was agreed with the customer here is not overwritten by the core system."""
    note: Mapped[str | None]
    key_account_tier: Mapped[str | None]
    merged_into: Mapped[UUID | None]
    frozen: Mapped[bool] = mapped_column(default=False)
    """The customer asked for deletion while a period of keeping runs: data are stored and nothing else."""


class CustomerContact(Part, Base):
    """Somebody to speak to at the customer; `source` is `core` or `here`."""

    __tablename__ = "customer_contacts"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    source: Mapped[str]
    position: Mapped[int]
    name: Mapped[str]
    role: Mapped[str]
    phone: Mapped[str | None]


class CustomerAssignment(Part, Base):
    """Unit, team and manager from one moment to another; the one without `to_at` holds."""

    __tablename__ = "customer_assignments"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    unit_code: Mapped[str]
    team_code: Mapped[str | None]
    manager_id: Mapped[UUID | None]
    manager_staff_no: Mapped[str | None]
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]
    source: Mapped[str]
    reason: Mapped[str | None]
    person_id: Mapped[UUID]


class CustomerVersion(Part, Base):
    """One version of the customer as the core system stated it; none is overwritten."""

    __tablename__ = "customer_versions"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    core_version: Mapped[int]
    content: Mapped[dict[str, Any]]
    applied: Mapped[str]


class CustomerConsent(Part, Base):
    """One statement of the customer on being contacted or on his data; the newest for a purpose and channel holds.

    `channel` None: every channel. `given_by`: `customer` or `guardian`.
    """

    __tablename__ = "customer_consents"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    purpose: Mapped[str]
    channel: Mapped[str | None]
    granted: Mapped[bool]
    given_by: Mapped[str]
    given_at: Mapped[datetime]
    until_on: Mapped[date | None]
    source: Mapped[str]
    evidence: Mapped[str | None]
    text_version: Mapped[str | None]
    reason: Mapped[str | None]
    person_id: Mapped[UUID]


class CustomerFreeze(Part, Base):
    """A request for deletion that meets a period of keeping; the one without `released_at` holds."""

    __tablename__ = "customer_freezes"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    requested_at: Mapped[datetime]
    reason: Mapped[str]
    keep_until: Mapped[date | None]
    """None: something is open, so no end can be told."""
    grounds: Mapped[dict[str, Any]]
    released_at: Mapped[datetime | None]
    release_reason: Mapped[str | None]
    released_by: Mapped[UUID | None]
    person_id: Mapped[UUID]
