"""Answering an enquiry, asking whether the customer is satisfied, closing it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from services.crm.article.tables import Article, QuickAnswer
from services.crm.enquiry import queries, rules
from services.crm.enquiry.handlers import (
    CLOSE,
    check_open,
    close,
    end_pause,
    for_act,
    measure,
    on_timeline,
    record,
    tell_customer,
)
from services.crm.enquiry.queries import EnquiryFacts
from services.crm.enquiry.rules import EnquiryStatus
from services.crm.enquiry.schemas import AnswerEnquiry
from services.crm.enquiry.tables import Enquiry
from services.crm.reply.schemas import CloseEnquiry
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.work_items import close_items, open_item


def check_close(_actor: Actor, facts: EnquiryFacts) -> None:
    """Only what was answered is closed."""
    rules.refuse_outside(facts.enquiry.state, (EnquiryStatus.ANSWERED,))


async def answer_enquiry(
    db: Database, actor: Actor, key: RequestKey, enquiry_id: UUID, version: int | None, command: AnswerEnquiry
) -> Answer:
    """Answer the customer; with what he says of it, the enquiry is closed in the same step."""
    async with db.transaction(actor, key) as tx:
        facts = await for_act(tx, enquiry_id, version)
        check_open(actor, facts)
        before = facts.enquiry.status
        told = await answer_now(tx, facts.enquiry, command)
        return await record(tx, facts.enquiry, "answer", told, before=before)


async def answer_now(tx: Transaction, enquiry: Enquiry, command: AnswerEnquiry) -> dict[str, Any]:
    """Write the answer and what follows from it; what the fact says of it."""
    text = rules.check_answer(command.text)
    await _use_sources(tx, command)
    end_pause(enquiry, tx.now)
    enquiry.advance(EnquiryStatus.ANSWERED)
    enquiry.answered_at, enquiry.escalate_at = tx.now, None
    enquiry.answered_in_time = tx.now <= (enquiry.promise_due_at or enquiry.untouched_at)
    await close_items(tx, enquiry.id)
    await measure(tx, enquiry)
    await tell_customer(tx, enquiry, command.told, "enquiry_answered", answer=text)
    await on_timeline(tx, enquiry, "answered", in_time=enquiry.answered_in_time)
    if command.satisfaction is not None:
        await close(tx, enquiry, command.satisfaction)
    else:
        await _ask_satisfaction(tx, enquiry)
    shown = {"text": text, "told": command.told, "satisfaction": command.satisfaction}
    sources = {"article_id": command.article_id, "quick_answer_id": command.quick_answer_id}
    return shown | {name: str(value) for name, value in sources.items() if value is not None}


async def _use_sources(tx: Transaction, command: AnswerEnquiry) -> None:
    """The article or quick answer named is one that the caller can read; a quick answer counts its uses."""
    if command.article_id is not None:
        found = await tx.scalar(select(Article.id).where(Article.id == command.article_id))
        if found is None:
            raise ReferenceNotFound.at("#/article_id")
    if command.quick_answer_id is not None:
        wanted = QuickAnswer.id == command.quick_answer_id
        if await tx.scalar(select(QuickAnswer.id).where(wanted)) is None:
            raise ReferenceNotFound.at("#/quick_answer_id")
        scope = tx.scope
        await tx.use_scope("00")  # it may be stated by a unit above; counting its use is no change of it
        await tx.execute(update(QuickAnswer).where(wanted).values(used=QuickAnswer.used + 1))
        await tx.use_scope(scope)


async def _ask_satisfaction(tx: Transaction, enquiry: Enquiry) -> None:
    """Whoever heard it first asks how satisfied the customer is; who does not say so in time has said it by silence."""
    figures, hours = await queries.figures(tx), await queries.hours(tx, enquiry.unit_code)
    enquiry.close_at = hours.after(tx.now, figures.close_after_days)
    await open_item(
        tx, CLOSE, enquiry, Text("询问客户是否满意并办结", "Ask whether the customer is satisfied, and close"),
        number=enquiry.enquiry_no, unit_code=enquiry.unit_code, person_id=enquiry.owner_id, due_at=enquiry.close_at,
        href=f"/v1/enquiries/{enquiry.id}/closings",
    )  # fmt: skip


async def close_enquiry(
    db: Database, actor: Actor, key: RequestKey, enquiry_id: UUID, version: int | None, command: CloseEnquiry
) -> Answer:
    """Close an answered enquiry with what the customer said of the answer."""
    async with db.transaction(actor, key) as tx:
        facts = await for_act(tx, enquiry_id, version)
        check_close(actor, facts)
        before = facts.enquiry.status
        await close(tx, facts.enquiry, command.satisfaction)
        return await record(tx, facts.enquiry, "close", command.model_dump(), before=before)


ACTIONS: tuple[Action[EnquiryFacts], ...] = (
    Action("answer", "POST", "/v1/enquiries/{id}/answers", "crm.enquiry.answer", check_open),
    Action("close", "POST", "/v1/enquiries/{id}/closings", "crm.enquiry.answer", check_close),
)
