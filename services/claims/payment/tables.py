"""Payments: each a record of its own."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base
from services.claims.payment import rules
from shared.database import Record


class Payment(Record, Base):
    """One payment of one claim, in yuan. Ordered by the adjuster, paid by the cashier or the core system.

    `(claim_id, payable_no)` is the key under which it is paid once, however often it is sent. `sheet_version`: the
    approved sheet that it pays; `side_id` instead: the advance or ex gratia payment. `payee_name` and `payee_account`
    are masked in every answer; `payee_digest` is the keyed digest of the account. `sending_id` is new each time it is
    sent.
    """

    __tablename__ = "payments"
    record_type: ClassVar[str] = "payment"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    claim_no: Mapped[str]
    unit_code: Mapped[str]
    payable_no: Mapped[int]
    sheet_version: Mapped[int | None]
    side_id: Mapped[UUID | None]
    approved_digest: Mapped[str]
    claimant_ref: Mapped[str | None]
    amount: Mapped[Decimal]
    payee_kind: Mapped[str]
    payee_name: Mapped[str]
    payee_account: Mapped[str]
    payee_digest: Mapped[str]
    relation: Mapped[str]
    proof: Mapped[dict[str, Any] | None]
    status: Mapped[str]
    due_on: Mapped[date]
    ordered_by: Mapped[UUID]
    sending_id: Mapped[UUID]
    sent_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    reference: Mapped[str | None]
    failed_at: Mapped[datetime | None]
    failure_code: Mapped[str | None]

    @property
    def state(self) -> rules.PaymentStatus:
        return rules.PaymentStatus(self.status)
