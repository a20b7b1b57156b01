"""The report of a month as it crosses HTTP."""

from __future__ import annotations

from pydantic import BaseModel

from services.crm.kpi.schemas import KpisOut
from shared.clock import Instant


class ServiceReportOut(BaseModel):
    """`status`: `draft` while the month runs and its figures move, `published` with the figures of that day."""

    month: str
    unit_code: str
    unit_name: str | None = None
    status: str
    published_at: Instant | None = None
    figures: KpisOut
    files: dict[str, str]
    """Where the page (`pdf`) and the table (`xlsx`) are taken."""
