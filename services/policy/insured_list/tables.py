"""A list on its way, and its lines until it is whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.policy.policy.tables import Base
from shared.database import Part


class InsuredListRun(Part, Base):
    """One list. `status`: `taking`, then `stored`, `ignored` (it was there), or `refused` (some line was)."""

    __tablename__ = "insured_list_runs"

    policy_id: Mapped[UUID] = mapped_column(ForeignKey("policies.id"))
    number: Mapped[int]
    mode: Mapped[str]
    status: Mapped[str]
    persons: Mapped[int | None]
    ended_at: Mapped[datetime | None]


class InsuredListLine(Part, Base):
    """One line until the list is whole; personal data, gone with the end of the run."""

    __tablename__ = "insured_list_lines"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("insured_list_runs.id"))
    ref: Mapped[str]
    op: Mapped[str]
    person: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
