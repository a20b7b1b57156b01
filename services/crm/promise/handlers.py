"""Promising an answer, extending it once, and pausing it while the customer is waited for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.crm.enquiry import queries, rules
from services.crm.enquiry.handlers import ask_handler, end_pause, for_act, in_words, measure, record, tell_customer
from services.crm.enquiry.queries import EnquiryFacts
from services.crm.enquiry.rules import EnquiryStatus, Promised
from services.crm.enquiry.rules.refusals import PromiseNotPaused, PromisePassed, PromisePaused
from services.crm.enquiry.schemas import PromiseEnquiry
from services.crm.enquiry.tables import Enquiry
from services.crm.promise.schemas import PauseEnquiry
from shared.actions import Action
from shared.actor import Actor
from shared.clock import SHANGHAI, legal_day, rfc3339
from shared.database import Database, Transaction
from shared.errors import Fault, ReasonRequired, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey


def check_promise(_actor: Actor, facts: EnquiryFacts) -> None:
    """A first promise while nothing was said; a later one only extends it, once, while it still holds and runs."""
    enquiry = facts.enquiry
    rules.refuse_outside(enquiry.state, (EnquiryStatus.RECEIVED, EnquiryStatus.PENDING))
    if enquiry.state is EnquiryStatus.PENDING and enquiry.promise_due_at is not None:
        rules.may_extend(enquiry.extensions, facts.figures)
        if enquiry.paused:
            raise PromisePaused()
        if enquiry.promise_due_at <= facts.now:
            raise PromisePassed()


def check_pause(_actor: Actor, facts: EnquiryFacts) -> None:
    """Whether the promise may stand still from now on."""
    enquiry = facts.enquiry
    rules.refuse_outside(enquiry.state, (EnquiryStatus.PENDING,))
    if enquiry.promise_due_at is not None:
        rules.may_pause(enquiry.promise_due_at, enquiry.paused, facts.now)


def check_resume(_actor: Actor, facts: EnquiryFacts) -> None:
    """Whether there is a pause to end."""
    rules.refuse_outside(facts.enquiry.state, (EnquiryStatus.PENDING,))
    if not facts.enquiry.paused:
        raise PromiseNotPaused()


async def promise_enquiry(
    db: Database, actor: Actor, key: RequestKey, enquiry_id: UUID, version: int | None, command: PromiseEnquiry
) -> Answer:
    """Promise an answer, or extend the promise that was made."""
    async with db.transaction(actor, key) as tx:
        facts = await for_act(tx, enquiry_id, version)
        check_promise(actor, facts)
        before, extends = facts.enquiry.status, facts.enquiry.promise_due_at is not None
        told = await promise_now(tx, facts, command)
        kind = "extend" if extends else "promise"
        return await record(tx, facts.enquiry, kind, told, before=before, reason=command.reason)


async def promise_now(tx: Transaction, facts: EnquiryFacts, command: PromiseEnquiry) -> dict[str, Any]:
    """Set the promise, tell the customer, and make it due; what the fact says of it."""
    enquiry, figures = facts.enquiry, facts.figures
    hours = await queries.hours(tx, enquiry.unit_code)
    if enquiry.promise_due_at is None:
        asked = Promised(command.due_at, command.complex)
        until = rules.promise_until(asked, figures, hours, enquiry.received_at, tx.now)
        enquiry.advance(EnquiryStatus.PENDING)
        enquiry.promised_at, enquiry.complex = tx.now, command.complex
    else:
        if not (command.reason or "").strip():
            raise ReasonRequired(Fault(ReasonRequired.code, ReasonRequired.detail, pointer="#/reason"))
        until = rules.extended_until(
            command.due_at, enquiry.promise_due_at, figures, hours, enquiry.received_at, enquiry.spans, tx.now
        )
        enquiry.extensions += 1
    _set_due(enquiry, until.astimezone(SHANGHAI))
    enquiry.promise_provisional = hours.calendar.is_provisional(legal_day(tx.now), legal_day(until))
    await tell_customer(tx, enquiry, command.told, "enquiry_promised", due_at=in_words(until))
    await ask_handler(tx, enquiry)
    await measure(tx, enquiry)
    return {"due_at": rfc3339(until), "complex": enquiry.complex, "told": command.told, "reason": command.reason}


def _set_due(enquiry: Enquiry, until: Any) -> None:
    enquiry.promise_due_at = enquiry.escalate_at = until


async def pause_enquiry(
    db: Database, actor: Actor, key: RequestKey, enquiry_id: UUID, version: int | None, command: PauseEnquiry
) -> Answer:
    """Stop the clock while the customer must answer, or let it go on with the working time that was left."""
    async with db.transaction(actor, key) as tx:
        facts = await for_act(tx, enquiry_id, version)
        before = facts.enquiry.status
        told = await (_begin if command.act == "begin" else _end)(tx, facts, command)
        await ask_handler(tx, facts.enquiry)
        return await record(tx, facts.enquiry, "pause" if command.act == "begin" else "resume", told, before=before)


async def _begin(tx: Transaction, facts: EnquiryFacts, command: PauseEnquiry) -> dict[str, Any]:
    check_pause(tx.actor, facts)
    missing = [name for name in ("wanted", "told") if getattr(command, name) is None]
    if missing:
        words = Text(
            "须写明需要客户补充什么以及如何告知。", "Say what the customer has to bring, and how he was asked."
        )
        raise ValidationFailed(*(Fault("missing", words, pointer=f"#/{name}") for name in missing))
    enquiry = facts.enquiry
    span = {"from_at": rfc3339(tx.now), "to_at": None, "reason": command.wanted}
    enquiry.pauses, enquiry.paused = [*enquiry.pauses, span], True
    await tell_customer(tx, enquiry, str(command.told), "enquiry_waits", wanted=command.wanted)
    return {"wanted": command.wanted, "told": command.told}


async def _end(tx: Transaction, facts: EnquiryFacts, _command: PauseEnquiry) -> dict[str, Any]:
    check_resume(tx.actor, facts)
    return await go_on(tx, facts.enquiry)


async def go_on(tx: Transaction, enquiry: Enquiry) -> dict[str, Any]:
    """End the pause; the promise holds for the working time that was left when it began."""
    began = enquiry.spans[-1].from_at
    end_pause(enquiry, tx.now)
    if enquiry.promise_due_at is not None:
        hours = await queries.hours(tx, enquiry.unit_code)
        _set_due(enquiry, rules.resumed_due(enquiry.promise_due_at, began, tx.now, hours))
        await measure(tx, enquiry)
    return {"due_at": None if enquiry.promise_due_at is None else rfc3339(enquiry.promise_due_at)}


ACTIONS: tuple[Action[EnquiryFacts], ...] = (
    Action("promise", "POST", "/v1/enquiries/{id}/promises", "crm.enquiry.promise", check_promise),
    Action("pause", "POST", "/v1/enquiries/{id}/pauses", "crm.enquiry.pause", check_pause),
    Action("resume", "POST", "/v1/enquiries/{id}/pauses", "crm.enquiry.pause", check_resume),
)
