"""Papers that came in, the one notice that asked for more, and the basis for keeping medical data."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base
from shared.database import Part


class Delivery(Part, Base):
    """One paper as it came in: of the checklist (`code`), in answer to the notice (`supplement_item`), or both."""

    __tablename__ = "claim_documents"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    code: Mapped[str | None]
    supplement_item: Mapped[int | None]
    attachment_ids: Mapped[list[Any]] = mapped_column(JSONB)
    received_at: Mapped[datetime]
    person_id: Mapped[UUID]


class SupplementNotice(Part, Base):
    """The one notice in the life of a claim; `items` in order, each `{code?, description?}`."""

    __tablename__ = "supplement_notices"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    served_at: Mapped[datetime]
    method: Mapped[str | None]
    person_id: Mapped[UUID]


class Consent(Part, Base):
    """Why medical data of one injured person may be kept."""

    __tablename__ = "claim_consents"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    claimant_ref: Mapped[str]
    basis: Mapped[str]
    obtained_at: Mapped[datetime]
    attachment_id: Mapped[UUID | None]
    person_id: Mapped[UUID]
