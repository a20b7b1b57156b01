"""Articles and quick answers, as they are published and read."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Instant
from shared.ids import Id

Kind = Literal["consult", "query", "apply", "claim"]
Topic = Literal[
    "underwriting", "claims", "endorsement", "cancellation", "premium", "complaint", "loss_prevention", "other"
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PublishEdition(_Body):
    """An edition of an article; it ends the one before it the day before it begins."""

    title: str = Field(min_length=1, max_length=200)
    body: str = Field(min_length=1, max_length=50_000)
    topic: Topic
    product: str | None = Field(default=None, max_length=60)
    valid_from: date
    valid_to: date | None = None
    reason: str | None = Field(default=None, max_length=500)


class PublishQuickAnswer(_Body):
    """`replaces`: the answer that this one takes the place of; it ends the day before."""

    question: str = Field(min_length=1, max_length=500)
    answer: str = Field(min_length=1, max_length=4000)
    kind: Kind | None = None
    product: str | None = Field(default=None, max_length=60)
    article_id: Id | None = None
    valid_from: date
    valid_to: date | None = None
    replaces: Id | None = None


class ArticleItem(BaseModel):
    """The edition of an article that is valid on the day asked for."""

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    edition: int
    title: str
    topic: str
    product: str | None = None
    valid_from: date
    valid_to: date | None = None


class EditionOut(BaseModel):
    edition: int
    created_at: Instant
    title: str
    body: str
    topic: str
    product: str | None = None
    valid_from: date
    valid_to: date | None = None
    reason: str | None = None
    person: dict[str, str]


class ArticleOut(BaseModel):
    """An article with all its editions, the newest first."""

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    topic: str
    product: str | None = None
    editions: list[EditionOut]


class EditionFactOut(BaseModel):
    id: Id
    created_at: Instant
    edition: int
    valid_from: date
    article: dict[str, str | int]


class QuickAnswerOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    question: str
    answer: str
    kind: str | None = None
    product: str | None = None
    article_id: Id | None = None
    valid_from: date
    valid_to: date | None = None
    used: int
