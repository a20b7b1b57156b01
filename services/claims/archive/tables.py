"""The file of a claim: one volume, its supplements, and who borrowed it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.archive.rules import FileStatus
from services.claims.claim.tables import Base
from shared.database import Part


class ClaimFile(Part, Base):
    """The one volume of a claim. Only its status and its place on the shelf change.

    `pages`: `{title, first_page, page_count, attachment_id, sha256}` in order; `manifest_sha256`: of number and pages.
    """

    __tablename__ = "claim_files"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    volume_no: Mapped[str]
    status: Mapped[str]
    shelf_place: Mapped[str | None]
    pages: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    page_count: Mapped[int]
    manifest_sha256: Mapped[str]
    archivist_person_id: Mapped[UUID]
    shelved_at: Mapped[datetime]
    person_id: Mapped[UUID]

    @property
    def state(self) -> FileStatus:
        return FileStatus(self.status)


class FileSupplement(Part, Base):
    """Papers that came after the volume was bound."""

    __tablename__ = "file_supplements"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    supplement_no: Mapped[str]
    pages: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    page_count: Mapped[int]
    manifest_sha256: Mapped[str]
    reason: Mapped[str]
    person_id: Mapped[UUID]


class FileLoan(Part, Base):
    """One loan of the volume, from handing out to return."""

    __tablename__ = "file_loans"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    borrower_person_id: Mapped[UUID]
    purpose: Mapped[str]
    due_on: Mapped[date]
    lent_by: Mapped[UUID]
    returned_at: Mapped[datetime | None]
    returned_by: Mapped[UUID | None]
    condition: Mapped[str | None]
