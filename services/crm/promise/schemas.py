"""Pausing a promise, and going on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from services.crm.enquiry.schemas import Body, Told


class PauseEnquiry(Body):
    """`begin`: what the customer has to answer or bring (`wanted`), and how he was asked. `end`: he has."""

    act: Literal["begin", "end"] = "begin"
    wanted: str | None = Field(default=None, min_length=1, max_length=500)
    told: Told | None = None
