"""How a customer's past reads."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from shared.clock import Instant
from shared.ids import Id


class About(BaseModel):
    """A record of some service, with its number where it has one."""

    kind: str
    id: Id
    number: str | None = None


class EntryOut(BaseModel):
    id: Id
    occurred_at: Instant
    recorded_at: Instant
    kind: str
    about: About
    summary: dict[str, Any]
    amounts: dict[str, str]
    undone_by: str | None = None
    """The later event that took this one back: the claim was cancelled, or reopened after the settlement."""
