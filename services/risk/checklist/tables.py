"""Checklists."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.risk.exposure.tables import Base
from shared.database import Record


class Checklist(Record, Base):
    """One version of an industry's list; it holds for the unit that published it and all below it."""

    __tablename__ = "checklists"
    record_type: ClassVar[str] = "checklist"

    industry: Mapped[str]
    list_version: Mapped[str]
    effective_from: Mapped[date]
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    published_by: Mapped[UUID]
