"""Answers of the statistics."""

from __future__ import annotations

from pydantic import BaseModel


class GroupOut(BaseModel):
    """One group; members that it is not grouped by are absent. Rates are shares of the decided, four decimals."""

    unit_code: str | None = None
    product: str | None = None
    reason_code: str | None = None
    opened: int
    decided: int
    accepted: int
    accepted_with_terms: int
    declined: int
    lapsed: int
    withdrawn: int
    decline_rate: str | None = None


class StatisticsOut(BaseModel):
    items: list[GroupOut]
