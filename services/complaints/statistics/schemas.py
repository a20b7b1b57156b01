"""Statistics as they cross HTTP."""

from __future__ import annotations

from pydantic import BaseModel


class CountOut(BaseModel):
    """`rank` within the period, absent for small numbers; `per_10_000_policies` where a policy has the same keys;
    `records_url`: the list of the complaints counted here."""

    period: str
    group: dict[str, str]
    count: int
    rank: int | None = None
    per_10_000_policies: str | None = None
    records_url: str | None = None


class StatisticsOut(BaseModel):
    """Withdrawn and merged complaints are counted; the counts add up to `total`."""

    items: list[CountOut]
    total: int
    minimum_for_rank: int
