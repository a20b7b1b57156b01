"""Copies of a customer's data, for as long as they can be taken."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from shared.database import Part


class CustomerCopy(Part, Base):
    """One copy, for whoever asked for it in the customer's name alone; `content` is removed when its time is over."""

    __tablename__ = "customer_copies"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    person_id: Mapped[UUID]
    purpose: Mapped[str]
    content: Mapped[bytes | None] = mapped_column(deferred=True)
    sha256: Mapped[bytes]
    expires_at: Mapped[datetime]
