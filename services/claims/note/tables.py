"""Notes on a claim."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base
from shared.database import Part


class ClaimNote(Part, Base):
    """One note: who wrote it in which position, and the ids of the persons it mentions. Never changed or removed."""

    __tablename__ = "claim_notes"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    text: Mapped[str]
    mentions: Mapped[list[str]] = mapped_column(JSONB, default=list)
    person_id: Mapped[UUID]
    staff_no: Mapped[str]
    position: Mapped[str]
