"""Reopenings as they cross HTTP."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class RequestReopening(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason_code: str = Field(max_length=60, pattern="^[a-z0-9_]*$")
    reason: str = Field(max_length=2000)
