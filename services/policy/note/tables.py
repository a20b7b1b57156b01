"""Notes on a policy."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.policy.policy.tables import Base
from shared.database import Part


class PolicyNote(Part, Base):
    """One note. `mentions`: ids of the persons who are to read it."""

    __tablename__ = "policy_notes"

    policy_id: Mapped[UUID] = mapped_column(ForeignKey("policies.id"))
    text: Mapped[str]
    mentions: Mapped[list[Any]] = mapped_column(JSONB)
    person_id: Mapped[UUID]
    staff_no: Mapped[str]
    position: Mapped[str]
