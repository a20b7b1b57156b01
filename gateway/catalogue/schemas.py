"""How a reference list is answered."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class ReferenceItem(BaseModel):
    """A value as records carry it, with its names."""

    value: str
    zh: str
    en: str | None = None


class ReferenceOut(BaseModel):
    """One list. `version` changes with its content."""

    list: str
    version: str
    items: list[ReferenceItem]


class RuleReferenceOut(BaseModel):
    """A rule set that everybody may read as a list: `calendars`, `deadlines`; the version in force today."""

    list: str
    version: str
    items: list[dict[str, Any]]
