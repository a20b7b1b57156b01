"""Risk control files of key risks."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from services.risk.exposure.tables import Base
from shared.database import Record


class KeyRiskFile(Record, Base):
    """The one risk control file of a customer; not two are open at a time."""

    __tablename__ = "key_risk_files"
    record_type: ClassVar[str] = "key_risk_file"

    customer_id: Mapped[UUID]
    unit_code: Mapped[str]
    status: Mapped[str]
    criteria: Mapped[list[str]]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
