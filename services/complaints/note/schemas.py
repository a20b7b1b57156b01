"""A note."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class WriteNote(BaseModel):
    """`mentions`: staff numbers of those who are to read it."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=4000)
    mentions: list[str] = Field(default_factory=list, max_length=20)
