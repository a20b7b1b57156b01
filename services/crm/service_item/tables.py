"""The catalogue. Whoever sits below the unit that states an item reads it too."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from shared.database import Record


class ServiceItem(Record, Base):
    """One service that customers get."""

    __tablename__ = "service_items"
    record_type: ClassVar[str] = "service_item"

    code: Mapped[str]
    service_class: Mapped[str] = mapped_column("class")
    nature: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    owner_service: Mapped[str]
    sla_working_days: Mapped[int | None]
    eligible_tiers: Mapped[list[Any]] = mapped_column(JSONB)
    yearly_quota: Mapped[dict[str, Any]]
    """Tier → so often in a calendar year."""
    unit_cost: Mapped[Decimal]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
