"""Visits, reviews and notes of a key account."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from services.crm.key_account.schemas import Body


class VisitKeyAccount(Body):
    """A visit that was made; by the caller where nobody is named. `reason`: where it is entered on a later day."""

    visited_at: AwareDatetime
    summary: str = Field(min_length=1, max_length=4000)
    staff_no: str | None = Field(default=None, min_length=1, max_length=40)
    reason: str | None = Field(default=None, max_length=500)


class ReviewKeyAccount(Body):
    """What the review comes to; the branch decides it. `tier`: only of a change."""

    outcome: Literal["keep", "change_tier", "exit"]
    tier: str | None = Field(default=None, max_length=20)
    reason: str = Field(min_length=1, max_length=500)


class NoteKeyAccount(Body):
    """`mentions`: staff numbers of those who are to read it."""

    text: str = Field(min_length=1, max_length=4000)
    mentions: list[str] = Field(default_factory=list, max_length=20)
