"""Advances, ex gratia payments, recoveries, lawsuits, reopenings and overpayments of a claim."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base
from services.claims.side import rules
from shared.database import Part


class SideDecision(Part, Base):
    """One decision beside the claim's own life, in yuan. `facts`: what its kind has of its own.

    `digest` is that of what was asked for; the steps that decided it carry the same one.
    """

    __tablename__ = "side_decisions"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    kind: Mapped[str]
    status: Mapped[str]
    amount: Mapped[Decimal]
    reason_code: Mapped[str | None]
    reason: Mapped[str]
    facts: Mapped[dict[str, Any]]
    digest: Mapped[str]
    requested_by: Mapped[UUID]
    decided_at: Mapped[datetime | None]

    def as_side(self) -> rules.Side:
        """The row as the rules take it."""
        kind, status = rules.SideKind(self.kind), rules.SideStatus(self.status)
        return rules.Side(self.id, kind, status, self.amount, self.facts)

    def digest_now(self) -> str:
        """The digest of the row as it stands."""
        return rules.digest_of(self.claim_id, self.id, self.kind, self.amount, self.facts)


class RecoveryReceipt(Part, Base):
    """Money that came in from whoever owes it, in yuan."""

    __tablename__ = "recovery_receipts"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    side_id: Mapped[UUID] = mapped_column(ForeignKey("side_decisions.id"))
    amount: Mapped[Decimal]
    received_at: Mapped[datetime]
    reference: Mapped[str]
    person_id: Mapped[UUID]
