"""Statistics as they cross HTTP."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel

from shared.money import Money


class FiguresOut(BaseModel):
    """Each count belongs to the month of its own event: reports, determinations, decisions, settlements, closings and
    payments. `open_count` and `reserve_amount` are those of the claims reported then, as they stand now. Rates are
    shares of one; a figure without cases is left out.
    """

    reported_count: int
    open_count: int
    cancelled_count: int
    determined_count: int
    decided_count: int
    refused_count: int
    overturned_count: int
    settled_count: int
    closed_count: int
    payment_count: int
    timed_decision_count: int
    late_decision_count: int
    timed_payment_count: int
    late_payment_count: int
    reserve_amount: Money
    paid_amount: Money
    decision_on_time_rate: Decimal | None = None
    payment_on_time_rate: Decimal | None = None
    refusal_rate: Decimal | None = None
    overturn_rate: Decimal | None = None
    days_to_decision: Decimal | None = None
    days_to_settlement: Decimal | None = None


class GroupOut(FiguresOut):
    """`rank`: the place by the share asked for, from 1; absent with `too_few`, where fewer cases stand behind it than
    `minimum_cases`."""

    group: dict[str, str]
    rank: int | None = None
    too_few: bool | None = None


class StatisticsOut(BaseModel):
    """Months as `2026-11`, both included. `total` is the sum over all groups."""

    from_month: str
    to_month: str
    minimum_cases: int
    items: list[GroupOut]
    total: FiguresOut
