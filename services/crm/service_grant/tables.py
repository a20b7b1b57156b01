"""Services that were granted. They lie where their customer lies."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from services.crm.service_grant.rules import GrantStatus, advance
from shared.database import Record


class ServiceGrant(Record, Base):
    """One service for one customer; its cost is booked when it was carried out."""

    __tablename__ = "service_grants"
    record_type: ClassVar[str] = "service_grant"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("service_items.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[str]
    tier: Mapped[str | None]
    year: Mapped[int]
    quantity: Mapped[int]
    planned_cost: Mapped[Decimal]
    cost: Mapped[Decimal | None]
    purpose: Mapped[str]
    planned_on: Mapped[date]
    due_at: Mapped[datetime | None]
    fulfilled_on: Mapped[date | None]
    confirmed_on: Mapped[date | None]
    confirmed_by: Mapped[str | None]
    score: Mapped[int | None]
    requested_by: Mapped[UUID]
    fulfilled_by: Mapped[UUID | None]

    @property
    def state(self) -> GrantStatus:
        return GrantStatus(self.status)

    def advance(self, to: GrantStatus) -> None:
        self.status = str(advance(self.state, to))
