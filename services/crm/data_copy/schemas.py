"""Asking for a copy."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CopyCustomer(BaseModel):
    """`purpose`: how the customer asked, and how it was made sure that it is he."""

    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(min_length=3, max_length=200)
