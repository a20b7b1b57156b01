"""Statistics as they cross HTTP."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from shared.money import Money


class VisitCounts(BaseModel):
    """`due`: all of the period that were not cancelled; the rate is absent where no day has come yet."""

    due: int
    in_time: int
    late: int
    overdue: int
    completion_rate: str | None = None


class HazardCounts(BaseModel):
    """`found` and `found_by_class`: rated in the period; `due`: whose last day lies in it; `overdue_by_class`: now."""

    found: int
    found_by_class: dict[str, int]
    due: int
    cured_in_time: int
    cured_late: int
    overdue: int
    rectification_rate: str | None = None
    overdue_by_class: dict[str, int]


class LossCounts(BaseModel):
    """Probable maximum loss of the hazards that are open now, in yuan: all together, and the greatest."""

    open_hazards: int
    total: Money
    largest: Money


class GroupOut(BaseModel):
    """`rank` by rectification rate; absent for small numbers. `records_url`: the hazards behind the figures."""

    group: str
    inspections: VisitCounts
    hazards: HazardCounts
    probable_maximum_loss: LossCounts
    key_risk_files: int
    rank: int | None = None
    records_url: str | None = None


class StatisticsOut(BaseModel):
    from_on: date
    to_on: date
    as_of: date
    minimum_for_rank: int
    items: list[GroupOut]
