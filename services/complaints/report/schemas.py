"""Asking for the report of a month."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class RequestReport(BaseModel):
    """A month as `2026-11`; `unit_code`: of this unit and below, else of the caller's whole scope."""

    model_config = ConfigDict(extra="forbid")

    month: str = Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-10"])
    unit_code: str | None = Field(default=None, max_length=20)
