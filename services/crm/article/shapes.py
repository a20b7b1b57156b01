"""How articles are shown."""

from __future__ import annotations

from collections.abc import Sequence

from services.crm.article import queries
from services.crm.article.schemas import ArticleItem, ArticleOut, EditionOut
from services.crm.article.tables import Article, ArticleEdition
from shared.database import Transaction


async def items(tx: Transaction, editions: Sequence[ArticleEdition]) -> list[ArticleItem]:
    """These editions as items of the list of articles."""
    articles = await queries.articles_of(tx, editions)
    return [_item(one, articles[one.article_id]) for one in editions]


def _item(one: ArticleEdition, article: Article) -> ArticleItem:
    return ArticleItem(
        id=article.id, version=article.version, org_path=article.org_path, created_at=article.created_at,
        updated_at=article.updated_at, edition=one.edition, title=one.title, topic=one.topic, product=one.product,
        valid_from=one.valid_from, valid_to=one.valid_to,
    )  # fmt: skip


def _edition(one: ArticleEdition) -> EditionOut:
    return EditionOut(
        edition=one.edition, created_at=one.created_at, title=one.title, body=one.body, topic=one.topic,
        product=one.product, valid_from=one.valid_from, valid_to=one.valid_to, reason=one.reason,
        person={"person_id": str(one.person_id), "staff_no": one.staff_no},
    )  # fmt: skip


async def alone(tx: Transaction, article: Article) -> ArticleOut:
    """An article with all that it ever said."""
    return ArticleOut(
        id=article.id, version=article.version, org_path=article.org_path, created_at=article.created_at,
        updated_at=article.updated_at, topic=article.topic, product=article.product,
        editions=[_edition(one) for one in await queries.editions_of(tx, article.id)],
    )  # fmt: skip
