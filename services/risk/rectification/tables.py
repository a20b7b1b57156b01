"""Rectification notices."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.risk.exposure.tables import Base
from shared.database import Record


class RectificationNotice(Record, Base):
    """The written advice after a visit (保险法 art. 51); `hazards` keeps what it told of each."""

    __tablename__ = "rectification_notices"
    record_type: ClassVar[str] = "rectification_notice"

    inspection_id: Mapped[UUID]
    inspection_no: Mapped[str]
    policy_id: Mapped[UUID | None]
    policy_no: Mapped[str | None]
    customer_id: Mapped[UUID]
    unit_code: Mapped[str]
    hazards: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """`{hazard_id, class, rectify_days}` of each, and `due_on` once it was served."""
    advice: Mapped[str | None]
    issued_by: Mapped[UUID]
    letter_id: Mapped[UUID | None]
    attachment_id: Mapped[UUID | None]
    served_at: Mapped[datetime | None]
    served_method: Mapped[str | None]
    receipt_attachment_id: Mapped[UUID | None]
