"""What was shown of a hazard's cure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped

from services.risk.exposure.tables import Base
from shared.database import Part


class HazardEvidence(Part, Base):
    """What the customer showed, or what another visit saw: only the latter closes a hazard."""

    __tablename__ = "hazard_evidence"

    hazard_id: Mapped[UUID]
    kind: Mapped[str]
    told: Mapped[str]
    cured: Mapped[bool | None]
    """What the other visit found; nothing where the customer says so."""
    inspection_id: Mapped[UUID | None]
    attachment_ids: Mapped[list[str]]
    person_id: Mapped[UUID]
    occurred_at: Mapped[datetime]
