"""One comparison with the core, and the policies that it named."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.policy.policy.tables import Base
from shared.database import Record


class ReconciliationRun(Record, Base):
    """One comparison: `running` until every line was looked at and what the core did not name was listed."""

    __tablename__ = "reconciliation_runs"
    record_type: ClassVar[str] = "reconciliation_run"

    as_of: Mapped[date]
    changed_since: Mapped[datetime | None]
    """Only what changed since then was sent; without it the core sent all of its policies."""
    status: Mapped[str]
    ended_at: Mapped[datetime | None]


class ReconciliationLine(Base):
    """A policy that the core named in one comparison. No personal data, and never shown."""

    __tablename__ = "reconciliation_lines"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("reconciliation_runs.id"), primary_key=True)
    policy_no: Mapped[str] = mapped_column(primary_key=True)
    differs: Mapped[bool]
