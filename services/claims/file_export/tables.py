"""Archives of files that were given out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base
from shared.database import Part


class FileExport(Part, Base):
    """What one archive holds, in order: `{name, sha256, size}` with the `attachment_id` of a paper or the `text` of
    what the system wrote; the manifest is the last one. The archive itself is put together as it is read.
    """

    __tablename__ = "file_exports"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    purpose: Mapped[str]
    entries: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    manifest_sha256: Mapped[str]
    person_id: Mapped[UUID]
