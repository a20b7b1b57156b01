"""Differences between this system and the core, each an item that somebody resolves."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from services.policy.policy.tables import Base
from shared.database import Record


class ReconciliationItem(Record, Base):
    """One difference; the same one is not opened twice while it is open."""

    __tablename__ = "reconciliation_items"
    record_type: ClassVar[str] = "reconciliation_item"

    policy_no: Mapped[str]
    kind: Mapped[str]
    ours: Mapped[dict[str, Any] | None]
    theirs: Mapped[dict[str, Any] | None]
    cause: Mapped[str]
    owner: Mapped[str]
    status: Mapped[str]
    outcome: Mapped[str | None]
    reason: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[UUID | None]
