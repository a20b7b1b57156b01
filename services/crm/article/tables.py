"""Articles with their editions, and quick answers. Whoever sits below the unit that states them reads them too."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from shared.database import Part, Record


class Article(Record, Base):
    """One article; what it says stands in its editions."""

    __tablename__ = "articles"
    record_type: ClassVar[str] = "article"

    product: Mapped[str | None]
    topic: Mapped[str]
    editions: Mapped[int]


class ArticleEdition(Part, Base):
    """One edition; on every day at most one of an article is valid."""

    __tablename__ = "article_editions"

    article_id: Mapped[UUID] = mapped_column(ForeignKey("articles.id"))
    edition: Mapped[int]
    product: Mapped[str | None]
    topic: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    reason: Mapped[str | None]
    person_id: Mapped[UUID]
    staff_no: Mapped[str]


class QuickAnswer(Record, Base):
    """A short answer to a question that is asked again and again."""

    __tablename__ = "quick_answers"
    record_type: ClassVar[str] = "quick_answer"

    product: Mapped[str | None]
    kind: Mapped[str | None]
    question: Mapped[str]
    answer: Mapped[str]
    article_id: Mapped[UUID | None] = mapped_column(ForeignKey("articles.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    used: Mapped[int] = mapped_column(default=0)


class SearchTerms(Base):
    """The terms by which an edition or a quick answer is found: beside it, where an index can serve them."""

    __tablename__ = "search_terms"

    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    terms: Mapped[list[str]] = mapped_column(ARRAY(Text))
