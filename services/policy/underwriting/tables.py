"""Acts on the chain of an application, money that came before the answer, and losses that came with it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.policy.policy.tables import Base
from shared.database import Part


class UnderwritingStep(Part, Base):
    """One act of one person, appended. It counts in its own `round` of submission.

    `outcome` is what the chain counts (`approve`, `refuse`, `return`), `answer` what the person said.
    """

    __tablename__ = "underwriting_steps"

    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id"))
    round: Mapped[int]
    step: Mapped[int]
    kind: Mapped[str]
    outcome: Mapped[str]
    answer: Mapped[str]
    position: Mapped[str]
    unit_code: Mapped[str]
    level: Mapped[str]
    person_id: Mapped[UUID]
    staff_no: Mapped[str]
    on_behalf_of: Mapped[UUID | None]
    amount: Mapped[Decimal]
    reason_code: Mapped[str | None]
    reason: Mapped[str | None]
    terms: Mapped[dict[str, Any]]
    triggers: Mapped[list[str]]
    table_version: Mapped[str]


class PremiumReceipt(Part, Base):
    """Money that came in for an application, and when the alarm was raised because nothing was decided."""

    __tablename__ = "premium_receipts"

    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id"))
    amount: Mapped[Decimal]
    received_at: Mapped[datetime]
    reference: Mapped[str]
    alarmed_at: Mapped[datetime | None]
    person_id: Mapped[UUID]


class ReportedLoss(Base):
    """A claim of a customer on a line that named no policy, or one of this service's. A copy, for back-dating."""

    __tablename__ = "reported_losses"

    claim_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID | None]
    policy_id: Mapped[UUID | None]
    line: Mapped[str | None]
    loss_at: Mapped[datetime]
    reported_at: Mapped[datetime]
