"""Service figures as they cross HTTP."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from services.crm.timeline.schemas import About
from shared.ids import Id


class NameOut(BaseModel):
    zh: str
    en: str


class PointOut(BaseModel):
    period: str
    value: str
    numerator: str
    denominator: str


class KpiOut(BaseModel):
    """One figure. `value`: a share to 0.0001, a mean, rate or count; `n/a` where the denominator is 0, or where fewer
    answers stand behind it than may be told. `met` only where there is a target and `enough` to judge by.
    """

    metric: str
    name: NameOut
    form: str
    value: str
    numerator: str
    denominator: str
    records: int
    enough: bool
    target: str | None = None
    met: bool | None = None
    trend: list[PointOut]
    """The twelve months up to the period, the earliest first."""
    records_url: str


class UnitKpisOut(BaseModel):
    """The same figures of one unit below, by metric."""

    unit_code: str
    name: str | None = None
    values: dict[str, str]


class KpisOut(BaseModel):
    unit_code: str
    period: str
    first_on: date
    last_on: date
    """The last day that is judged: not later than today."""
    minimum_sample: int
    items: list[KpiOut]
    units: list[UnitKpisOut]


class KpiRecordOut(BaseModel):
    """One record behind a figure: `part` of `whole` on the day it counts."""

    id: Id
    about: About
    on: date
    part: str
    whole: str
    org_path: str
    href: str | None = None
