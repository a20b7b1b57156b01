"""Payment orders: each a record of its own."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.policy.payment_order.rules import OrderKind, OrderStatus
from services.policy.policy.tables import Base
from shared.database import Record


class PaymentOrder(Record, Base):
    """One amount (yuan) to be collected or paid once, however often it is sent; `sending` counts how often.

    `computation` is how the amount came about; `parties` are the people whose money it may be. Names and accounts of
    payer and payee are masked in every answer.
    """

    __tablename__ = "payment_orders"
    record_type: ClassVar[str] = "payment_order"

    unit_code: Mapped[str]
    application_id: Mapped[UUID | None]
    policy_id: Mapped[UUID | None] = mapped_column(ForeignKey("policies.id"))
    policy_no: Mapped[str | None]
    customer_id: Mapped[UUID]
    line: Mapped[str]
    kind: Mapped[str]
    direction: Mapped[str]
    amount: Mapped[Decimal]
    computation: Mapped[dict[str, Any]]
    parties: Mapped[list[dict[str, Any]]]
    payee_name: Mapped[str | None]
    payee_account: Mapped[str | None]
    payee_digest: Mapped[str | None]
    due_on: Mapped[date]
    status: Mapped[str]
    sending: Mapped[int] = mapped_column(default=1)
    sent_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    payer_name: Mapped[str | None]
    payer_account: Mapped[str | None]
    payer_digest: Mapped[str | None]
    reference: Mapped[str | None]
    failed_at: Mapped[datetime | None]
    failure_code: Mapped[str | None]
    reason: Mapped[str | None]

    @property
    def state(self) -> OrderStatus:
        return OrderStatus(self.status)

    @property
    def purpose(self) -> OrderKind:
        return OrderKind(self.kind)
