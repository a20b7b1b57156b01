"""A site's visits beside each other."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from shared.ids import Id
from shared.money import Money


class ComparedVisit(BaseModel):
    """Points of 100 as text; `changes` against the visit before, where both asked by the same version of a list."""

    inspection_id: Id
    inspection_no: str
    kind: str
    inspected_on: date
    risk_level: str | None = None
    checklist: str | None = None
    score: str | None = None
    change: str | None = None
    scores: dict[str, str]
    changes: dict[str, str]
    hazards: dict[str, int]
    open_hazards: int
    probable_maximum_loss: Money | None = None


class ComparisonOut(BaseModel):
    """Visits that were reported, the earliest first."""

    site_id: Id
    visits: list[ComparedVisit]
