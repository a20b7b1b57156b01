"""Opinions and demands that customers stated in a visit."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from shared.database import Record


class Opinion(Record, Base):
    """One opinion; it lies where the customer lies, and waits for an answer from the moment it is stated."""

    __tablename__ = "opinions"
    record_type: ClassVar[str] = "opinion"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    visit_id: Mapped[UUID]
    topic: Mapped[str]
    product: Mapped[str | None]
    polarity: Mapped[str]
    text: Mapped[str]
    status: Mapped[str]
    routed_to: Mapped[str]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[UUID | None]
    notice_id: Mapped[UUID | None]


class Demand(Record, Base):
    """What a customer needs and does not find with us."""

    __tablename__ = "demands"
    record_type: ClassVar[str] = "demand"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    visit_id: Mapped[UUID]
    product_need: Mapped[str]
    product: Mapped[str | None]
    estimated_premium: Mapped[Decimal | None]
    status: Mapped[str]
    review: Mapped[str | None]
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[UUID | None]
    notice_id: Mapped[UUID | None]
