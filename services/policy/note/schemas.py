"""Notes as they cross HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.clock import Instant
from shared.ids import Id


class WriteNote(BaseModel):
    """`mentions`: persons who are to read it; each of them sees the policy anyway."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
    mentions: list[Id] = Field(default_factory=list, max_length=20)


class NoteOut(BaseModel):
    id: Id
    created_at: Instant
    text: str
    mentions: list[Id]
    person: dict[str, str]
    position: str


class NotesOut(BaseModel):
    items: list[NoteOut]
