"""How a survey is read and answered by its link."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.crm.visit.schemas import AskedOut

Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{20,100}$")]
Said = Annotated[str, StringConstraints(max_length=2000)]


class Link(BaseModel):
    """The link, and what was answered so far: which questions come next follows from it."""

    model_config = ConfigDict(extra="forbid")

    token: Token
    answers: dict[str, Said] = Field(default_factory=dict, max_length=60)


class FormOut(BaseModel):
    """What to ask now: every question that the answers so far lead to, in order."""

    title: dict[str, str]
    anonymous: bool
    closes_on: date
    questions: list[AskedOut]


class ReceivedOut(BaseModel):
    """The answer is here. It says nothing of where it was put."""

    received: bool = True
