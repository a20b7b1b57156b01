"""Each time a claim got its policy or its unit."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base
from shared.database import Part


class Placement(Part, Base):
    """One match or assignment after the report, by a person or by the news of a policy."""

    __tablename__ = "claim_placements"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    policy_no: Mapped[str | None]
    policy_match: Mapped[str]
    policy_id: Mapped[UUID | None]
    policy_version: Mapped[int | None]
    from_unit: Mapped[str]
    to_unit: Mapped[str]
    person_id: Mapped[UUID]
