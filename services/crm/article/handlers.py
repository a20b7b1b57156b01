"""Publishing articles, their editions and quick answers."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from services.crm.article import queries, rules, shapes
from services.crm.article.schemas import EditionFactOut, PublishEdition, PublishQuickAnswer, QuickAnswerOut
from services.crm.article.tables import Article, ArticleEdition, QuickAnswer, SearchTerms
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Fault, NotFound, ReasonRequired, ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7


async def publish_article(db: Database, actor: Actor, key: RequestKey, command: PublishEdition) -> Answer:
    """A new article with its first edition, for the caller's unit and all below it."""
    async with db.transaction(actor, key) as tx:
        rules.check_validity(command.valid_from, command.valid_to)
        article = Article(
            id=uuid7(), version=1, org_path=actor.scope, product=command.product, topic=command.topic, editions=1
        )
        tx.add(article)
        await tx.flush()
        _add_edition(tx, article, command)
        tx.note("publish", article, after={"edition": 1, "topic": article.topic, "product": article.product})
        await tx.flush()
        out = await shapes.alone(tx, article)
        return tx.answer(out, location=f"/v1/articles/{article.id}", version=article.version)


def _add_edition(tx: Transaction, article: Article, command: PublishEdition) -> ArticleEdition:
    row = ArticleEdition(
        id=uuid7(), article_id=article.id, org_path=article.org_path, edition=article.editions,
        person_id=tx.actor.person_id, staff_no=tx.actor.staff_no, **command.model_dump(),
    )  # fmt: skip
    tx.add(row)
    tx.add(SearchTerms(record_id=row.id, terms=rules.terms_of(command.title, command.body, command.product)))
    return row


async def publish_edition(
    db: Database, actor: Actor, key: RequestKey, article_id: UUID, version: int | None, command: PublishEdition
) -> Answer:
    """The next edition, with the reason; what was valid ends the day before it begins, and is kept."""
    async with db.transaction(actor, key) as tx:
        article = await tx.find_for_change(Article, article_id, version)
        rules.check_validity(command.valid_from, command.valid_to)
        if not (command.reason or "").strip():
            raise ReasonRequired(Fault(ReasonRequired.code, ReasonRequired.detail, pointer="#/reason"))
        editions = await queries.editions_of(tx, article.id)
        rules.check_edition(command.valid_from, max(one.valid_from for one in editions))
        for one in editions:
            if one.valid_to is None or one.valid_to >= command.valid_from:
                one.valid_to = command.valid_from - timedelta(days=1)
        article.editions += 1
        article.product, article.topic = command.product, command.topic
        row = _add_edition(tx, article, command)
        after = {"edition": article.editions, "valid_from": command.valid_from.isoformat()}
        tx.note("publish_edition", article, after=after, reason=command.reason)
        out = EditionFactOut(
            id=row.id, created_at=tx.now, edition=row.edition, valid_from=row.valid_from,
            article={"id": str(article.id), "version": article.version},
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/articles/{article.id}", version=article.version)


async def publish_quick_answer(db: Database, actor: Actor, key: RequestKey, command: PublishQuickAnswer) -> Answer:
    """A quick answer; the one that it replaces ends."""
    async with db.transaction(actor, key) as tx:
        rules.check_validity(command.valid_from, command.valid_to)
        if command.article_id is not None:
            found = await tx.scalar(select(Article.id).where(Article.id == command.article_id))
            if found is None:
                raise ReferenceNotFound.at("#/article_id")
        if command.replaces is not None:
            await _end(tx, command, command.replaces)
        row = QuickAnswer(
            id=uuid7(), version=1, org_path=actor.scope, used=0, **command.model_dump(exclude={"replaces"}),
        )  # fmt: skip
        tx.add(row)
        tx.add(SearchTerms(record_id=row.id, terms=rules.terms_of(command.question, command.product)))
        await tx.flush()
        after = {"kind": row.kind, "product": row.product, "replaces": str(command.replaces or "") or None}
        tx.note("publish", row, after=after)
        out = QuickAnswerOut.model_validate(row)
        return tx.answer(out, location=f"/v1/quick-answers/{row.id}", version=row.version)


async def _end(tx: Transaction, command: PublishQuickAnswer, replaced: UUID) -> None:
    try:
        held = await tx.find_for_change(QuickAnswer, replaced, None)
    except NotFound:
        raise ReferenceNotFound.at("#/replaces") from None
    rules.check_edition(command.valid_from, held.valid_from)
    held.valid_to = command.valid_from - timedelta(days=1)
