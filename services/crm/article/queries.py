"""Finding what is valid on a day, in Chinese and in Latin letters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, cast, func, or_, select
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import ARRAY

from services.crm.article.rules import terms_asked
from services.crm.article.tables import Article, ArticleEdition, QuickAnswer, SearchTerms
from shared.database import Transaction
from shared.pagination import Filter, Listing


def _terms(text: str) -> Any:
    wanted = terms_asked(text)
    if not wanted:
        raise ValueError(text)
    return cast(wanted, ARRAY(SqlText))


def _with_all(text: str) -> Any:
    return ArticleEdition.id.in_(select(SearchTerms.record_id).where(SearchTerms.terms.contains(_terms(text))))


def _with_a_third(text: str) -> Any:
    """A customer's own words are longer than the question kept: a third of their terms is enough."""
    wanted = _terms(text)
    shared = select(func.unnest(SearchTerms.terms)).correlate(SearchTerms).intersect(select(func.unnest(wanted)))
    count = select(func.count()).select_from(shared.subquery()).scalar_subquery()
    found = select(SearchTerms.record_id).where(SearchTerms.terms.overlap(wanted))
    return QuickAnswer.id.in_(found.where(count * 3 >= len(terms_asked(text))))


def _valid_on(table: Any, day: date) -> Any:
    return and_(table.valid_from <= day, or_(table.valid_to.is_(None), table.valid_to >= day))


ARTICLES = Listing(
    model=ArticleEdition,
    filters={
        "product": Filter(ArticleEdition.product),
        "topic": Filter(ArticleEdition.topic),
        "id": Filter(ArticleEdition.article_id, UUID),
    },
    conditions={"q": _with_all, "valid_on": lambda value: _valid_on(ArticleEdition, date.fromisoformat(value))},
)
QUICK_ANSWERS = Listing(
    model=QuickAnswer,
    filters={
        "product": Filter(QuickAnswer.product),
        "kind": Filter(QuickAnswer.kind),
        "article_id": Filter(QuickAnswer.article_id, UUID),
    },
    conditions={"q": _with_a_third, "valid_on": lambda value: _valid_on(QuickAnswer, date.fromisoformat(value))},
    sorts={"used": QuickAnswer.used},
)


def valid(listing: Listing, query: Sequence[tuple[str, str]], today: date) -> Select[Any]:
    """What is valid today, unless the query names another day."""
    statement = select(listing.model)
    return statement if any(name == "valid_on" for name, _ in query) else statement.where(
        _valid_on(listing.model, today)
    )  # fmt: skip


async def articles_of(tx: Transaction, editions: Sequence[ArticleEdition]) -> dict[UUID, Article]:
    """The articles of these editions."""
    ids = [one.article_id for one in editions]
    return {one.id: one for one in await tx.scalars(select(Article).where(Article.id.in_(ids)))}


async def editions_of(tx: Transaction, article_id: UUID) -> Sequence[ArticleEdition]:
    """All editions, the newest first."""
    statement = select(ArticleEdition).where(ArticleEdition.article_id == article_id)
    return await tx.scalars(statement.order_by(ArticleEdition.edition.desc()))
