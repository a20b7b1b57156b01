"""The counts of a month, and which of them have changed since they were taken."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import Numeric
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base
from shared.database import Part


class StatisticCell(Part, Base):
    """What happened in one month to the claims of one product in one unit; days are summed, amounts are in yuan.

    `line` and `product` are empty for claims that have none yet. `late_…` are those of `timed_…` that came too late.
    """

    __tablename__ = "claim_statistic_cells"

    line: Mapped[str]
    product: Mapped[str]
    month: Mapped[date]
    reported_count: Mapped[int]
    open_count: Mapped[int]
    cancelled_count: Mapped[int]
    determined_count: Mapped[int]
    determination_days: Mapped[int]
    timed_decision_count: Mapped[int]
    late_decision_count: Mapped[int]
    decided_count: Mapped[int]
    refused_count: Mapped[int]
    overturned_count: Mapped[int]
    settled_count: Mapped[int]
    settlement_days: Mapped[int]
    timed_payment_count: Mapped[int]
    late_payment_count: Mapped[int]
    closed_count: Mapped[int]
    payment_count: Mapped[int]
    reserve_amount: Mapped[Decimal] = mapped_column(Numeric(20, 2))
    paid_amount: Mapped[Decimal] = mapped_column(Numeric(20, 2))


class StatisticChange(Part, Base):
    """A change in a unit's month that has not been counted yet, written by the transaction that made it."""

    __tablename__ = "claim_statistic_changes"

    month: Mapped[date]
