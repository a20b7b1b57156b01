"""Delegations."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from gateway.delegation.rules import Delegation
from gateway.organisation.tables import Base
from shared.database import Record


class DelegationRow(Record, Base):
    """One delegation; its path is that of the delegator's appointment."""

    __tablename__ = "delegations"
    record_type: ClassVar[str] = "delegation"

    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointments.id"))
    from_person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    to_person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    permissions: Mapped[list[str]]
    limit_amount: Mapped[Decimal | None]
    from_on: Mapped[date]
    to_on: Mapped[date]
    reason: Mapped[str]
    granted_by: Mapped[UUID]
    table_version: Mapped[str | None]
    """The table of limits that the grant was compared with."""
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None]

    def facts(self) -> Delegation:
        """As the rules know it."""
        return Delegation(
            id=self.id, appointment_id=self.appointment_id, from_person_id=self.from_person_id,
            to_person_id=self.to_person_id, permissions=frozenset(self.permissions), limit=self.limit_amount,
            from_on=self.from_on, to_on=self.to_on, revoked=self.revoked_at is not None,
        )  # fmt: skip
