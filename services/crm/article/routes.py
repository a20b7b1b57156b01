"""Articles and quick answers over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.crm.article import handlers, queries, shapes
from services.crm.article.schemas import (
    ArticleItem,
    ArticleOut,
    EditionFactOut,
    PublishEdition,
    PublishQuickAnswer,
    QuickAnswerOut,
)
from services.crm.article.tables import Article
from shared import directory
from shared.clock import legal_day
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Creates, Reads, Room, sent, shown

room = Room(tags=["articles"])


@room.reads("/v1/articles", Page[ArticleItem], may="crm.article.read", free_query=True)
async def list_articles(request: Request, call: Reads) -> Response:
    """Articles as they are valid today or on `valid_on`; `q` finds words, also Chinese ones, in title and text."""
    async with call.db.transaction(call.actor) as tx:
        query = request.query_params.multi_items()
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.ARTICLES, query, paths.get)
        chosen = queries.valid(queries.ARTICLES, query, legal_day(tx.now))
        rows, cursor, total = await page(tx, queries.ARTICLES, asked, call.state.secret, chosen)
        return shown(shaped(await shapes.items(tx, rows), cursor, total), fields=asked.fields)


@room.posts("/v1/articles", ArticleOut, may="crm.article.publish")
async def publish_article(command: PublishEdition, call: Creates) -> Response:
    """Publish an article for the own unit and all below it."""
    return sent(await handlers.publish_article(call.db, call.actor, call.key, command))


@room.reads("/v1/articles/{article_id}", ArticleOut, may="crm.article.read")
async def read_article(article_id: UUID, call: Reads) -> Response:
    """One article with all its editions."""
    async with call.db.transaction(call.actor) as tx:
        article = await tx.find(Article, article_id)
        return shown(await shapes.alone(tx, article), version=article.version)


@room.posts("/v1/articles/{article_id}/versions", EditionFactOut, may="crm.article.publish")
async def publish_edition(article_id: UUID, command: PublishEdition, call: Changes) -> Response:
    """Publish the next edition; what was valid before is kept."""
    return sent(await handlers.publish_edition(call.db, call.actor, call.key, article_id, call.version, command))


@room.reads("/v1/quick-answers", Page[QuickAnswerOut], may="crm.article.read", free_query=True)
async def list_quick_answers(request: Request, call: Reads) -> Response:
    """Quick answers valid today or on `valid_on`; `q` takes the customer's own words."""
    async with call.db.transaction(call.actor) as tx:
        query = request.query_params.multi_items()
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.QUICK_ANSWERS, query, paths.get)
        chosen = queries.valid(queries.QUICK_ANSWERS, query, legal_day(tx.now))
        rows, cursor, total = await page(tx, queries.QUICK_ANSWERS, asked, call.state.secret, chosen)
        return shown(shaped([QuickAnswerOut.model_validate(one) for one in rows], cursor, total), fields=asked.fields)


@room.posts("/v1/quick-answers", QuickAnswerOut, may="crm.quick_answer.publish")
async def publish_quick_answer(command: PublishQuickAnswer, call: Creates) -> Response:
    """Publish a quick answer, in place of an older one where it says so."""
    return sent(await handlers.publish_quick_answer(call.db, call.actor, call.key, command))
