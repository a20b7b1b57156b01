"""When which customer was asked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from shared.database import Part


class CustomerAsk(Part, Base):
    """A visit that was made, or a survey that he was invited to; never what he answered."""

    __tablename__ = "customer_asks"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str]
    about_id: Mapped[UUID]
    asked_at: Mapped[datetime]
