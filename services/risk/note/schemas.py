"""A note."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Instant
from shared.ids import Id


class WriteNote(BaseModel):
    """`mentions`: those who are to read it."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=4000)
    mentions: list[Id] = Field(default_factory=list, max_length=20)


class NoteItem(BaseModel):
    id: Id
    created_at: Instant
    text: str
    mentions: list[Id]
    person: dict[str, str]
    position: str


class NotesOut(BaseModel):
    items: list[NoteItem]


class NoteOut(NoteItem):
    """With the record that it stands on."""

    record: dict[str, Any]
