"""Rescissions as they were declared; one for each policy, never changed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.policy.policy.tables import Base
from shared.database import Part


class Rescission(Part, Base):
    """The ground, the knowledge, the right as it stood, and what follows; `refund_amount` in yuan."""

    __tablename__ = "rescissions"

    policy_id: Mapped[UUID] = mapped_column(ForeignKey("policies.id"))
    question_code: Mapped[str]
    question_version: Mapped[str | None]
    proposal_reference: Mapped[str | None]
    fact: Mapped[str]
    affects: Mapped[str]
    intent: Mapped[str]
    influence: Mapped[bool]
    known_on: Mapped[date]
    formed_on: Mapped[date]
    last_on: Mapped[date]
    losses_paid: Mapped[bool]
    refund_amount: Mapped[Decimal]
    declared_by: Mapped[UUID]
