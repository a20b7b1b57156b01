"""Volumes and the policies in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.policy.archive.rules import VolumeStatus
from services.policy.policy.tables import Base
from shared.database import Part, Record


class ArchiveVolume(Record, Base):
    """One volume. `items`: `{policy_no, kind, title, page_count, serials}` in order; `rebound`: every binding after it
    was sealed, `{at, by, second, reason, manifest_sha256}` with the digest of what it was before."""

    __tablename__ = "archive_volumes"
    record_type: ClassVar[str] = "archive_volume"

    volume_no: Mapped[str]
    unit_code: Mapped[str]
    line: Mapped[str]
    status: Mapped[str]
    box: Mapped[str | None]
    shelf_place: Mapped[str | None]
    items: Mapped[list[dict[str, Any]]]
    page_count: Mapped[int]
    manifest_sha256: Mapped[str]
    sealed_at: Mapped[datetime | None]
    sealed_by: Mapped[UUID | None]
    bound_by: Mapped[UUID]
    keep_until: Mapped[date]
    """As computed at the last change; what counts is computed when it is asked."""
    rebound: Mapped[list[dict[str, Any]]]

    @property
    def state(self) -> VolumeStatus:
        return VolumeStatus(self.status)


class VolumePolicy(Part, Base):
    """One policy in a volume."""

    __tablename__ = "volume_policies"

    volume_id: Mapped[UUID] = mapped_column(ForeignKey("archive_volumes.id"))
    policy_id: Mapped[UUID] = mapped_column(ForeignKey("policies.id"))


class VolumeLoan(Part, Base):
    """One loan, from handing out to return."""

    __tablename__ = "volume_loans"

    volume_id: Mapped[UUID] = mapped_column(ForeignKey("archive_volumes.id"))
    borrower_person_id: Mapped[UUID]
    purpose: Mapped[str]
    due_on: Mapped[date]
    lent_by: Mapped[UUID]
    returned_at: Mapped[datetime | None]
    returned_by: Mapped[UUID | None]
    condition: Mapped[str | None]


class VolumeDestruction(Part, Base):
    """One request by one person and its decision by another."""

    __tablename__ = "volume_destructions"

    volume_id: Mapped[UUID] = mapped_column(ForeignKey("archive_volumes.id"))
    keep_until: Mapped[date]
    reason: Mapped[str]
    requested_by: Mapped[UUID]
    status: Mapped[str]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]
