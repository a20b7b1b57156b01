"""Requests to destroy the file of a claim, and what became of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base
from shared.database import Part


class FileDestruction(Part, Base):
    """One request by one person and its decision by another.

    `papers`: `{attachment_id, sha256}` of what was destroyed; `kept`: `{attachment_id, keep_until}` of what has a
    longer period of its own; `files_gone_at`: when the last of them had left the disk.
    """

    __tablename__ = "file_destructions"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    volume_no: Mapped[str]
    keep_until: Mapped[date]
    reason: Mapped[str]
    requested_by: Mapped[UUID]
    status: Mapped[str]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]
    papers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    kept: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    files_gone_at: Mapped[datetime | None]
