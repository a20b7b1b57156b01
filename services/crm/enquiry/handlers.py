"""What every act on an enquiry does alike: the fact, its note, its work, what the customer is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from services.crm import events
from services.crm.customer.tables import Customer
from services.crm.enquiry import queries, rules, shapes
from services.crm.enquiry.rules import EnquiryStatus
from services.crm.enquiry.rules.refusals import CannotBeTold
from services.crm.enquiry.tables import Enquiry, EnquiryFact
from services.crm.figure.handlers import record as count
from services.crm.figure.handlers import tell_here
from services.crm.figure.rules import Metric
from shared import directory
from shared.assignees import Check, refuse_without_post
from shared.clock import SHANGHAI, legal_day
from shared.database import Transaction
from shared.errors import Fault, Text
from shared.idempotency import Answer
from shared.ids import uuid7
from shared.notices import send_notice
from shared.work_items import close_items, open_item

ANSWER, OWN, CLOSE, UNTOUCHED, ESCALATED = (
    "answer_enquiry", "own_enquiry", "close_enquiry", "untouched_enquiry", "escalated_enquiry",
)  # fmt: skip
_WORDS = frozenset({"text", "reason", "wanted", "remark"})
"""What somebody wrote in his own words stays on the enquiry and out of the audit trail: it may name persons."""


async def for_act(tx: Transaction, enquiry_id: UUID, version: int | None) -> queries.EnquiryFacts:
    """The enquiry, locked for a change, and what acts are judged by."""
    return await queries.facts_of(tx, await tx.find_for_change(Enquiry, enquiry_id, version))


def keep_fact(
    tx: Transaction, enquiry: Enquiry, kind: str, told: Mapping[str, Any], *, before: str | None = None,
    at: datetime | None = None, reason: str | None = None,
) -> EnquiryFact:  # fmt: skip
    """Write one fact with its one note; `before` is the state that the enquiry had."""
    stated = {name: value for name, value in told.items() if value is not None}
    row = EnquiryFact(
        id=uuid7(), enquiry_id=enquiry.id, org_path=enquiry.org_path, kind=kind, person_id=tx.actor.person_id,
        staff_no=tx.actor.staff_no or None, occurred_at=at or tx.now, told=stated,
    )  # fmt: skip
    tx.add(row)
    noted = {name: value for name, value in stated.items() if name not in _WORDS}
    was = None if before is None else {"status": before}
    tx.note(kind, enquiry, before=was, after={"status": enquiry.status, **noted}, reason=reason)
    return row


async def record(
    tx: Transaction, enquiry: Enquiry, kind: str, told: Mapping[str, Any], *, before: str, reason: str | None = None
) -> Answer:
    """Write the fact and answer with it."""
    row = keep_fact(tx, enquiry, kind, told, before=before, reason=reason)
    await tx.flush()
    out = shapes.fact(row, enquiry, tx.actor.staff_no)
    return tx.answer(out, location=f"/v1/enquiries/{enquiry.id}", version=enquiry.version)


async def ask_handler(tx: Transaction, enquiry: Enquiry) -> None:
    """Whoever is to answer has it as his work, due as promised; the first owner keeps an eye on what others do."""
    await close_items(tx, enquiry.id, ANSWER, OWN)
    whom: dict[str, Any] = {"position": "service_agent"}
    if enquiry.handler_id is not None:
        whom = {"person_id": enquiry.handler_id}
    await open_item(
        tx, ANSWER, enquiry, Text("答复客户咨询", "Answer an enquiry"), number=enquiry.enquiry_no,
        unit_code=enquiry.unit_code, due_at=enquiry.promise_due_at or enquiry.untouched_at,
        basis=(await queries.figures(tx)).basis, href=f"/v1/enquiries/{enquiry.id}/answers",
        priority=await priority_of(tx, enquiry), **whom,
    )  # fmt: skip
    if enquiry.owner_id != enquiry.handler_id:
        await open_item(
            tx, OWN, enquiry, Text("首问负责：跟踪至办结", "First contact: see it through"), number=enquiry.enquiry_no,
            unit_code=enquiry.unit_code, person_id=enquiry.owner_id, due_at=enquiry.promise_due_at,
            href=f"/v1/enquiries/{enquiry.id}", method="GET",
        )  # fmt: skip


async def priority_of(tx: Transaction, enquiry: Enquiry) -> str:
    """A key account moves up in the order of work, and nowhere else."""
    customer = await customer_of(tx, enquiry)
    return "high" if customer is not None and customer.key_account_tier is not None else "normal"


async def customer_of(tx: Transaction, enquiry: Enquiry) -> Customer | None:
    """The customer of the enquiry, wherever he is served."""
    if enquiry.customer_id is None:
        return None
    scope = tx.scope
    await tx.use_scope("00")
    customer = await tx.session.get(Customer, enquiry.customer_id)
    await tx.use_scope(scope)
    return customer


async def tell_customer(tx: Transaction, enquiry: Enquiry, told: str, kind: str, **facts: Any) -> None:
    """Send what a message is to say; by word of mouth it was said. Refuses (422) a way that is not known."""
    if told not in ("sms", "email"):
        return
    address = enquiry.asker.get("phone" if told == "sms" else "email")
    if not address:
        raise CannotBeTold(Fault(CannotBeTold.code, CannotBeTold.detail, pointer="#/told"))
    await send_notice(
        tx, events.NoticeSent, enquiry, kind, channel=told, address=address,
        facts={"enquiry_no": enquiry.enquiry_no, **facts},
    )  # fmt: skip


def in_words(moment: datetime) -> str:
    """A moment as a message says it, Asia/Shanghai."""
    at = moment.astimezone(SHANGHAI)
    return f"{at.month}月{at.day}日{at.hour}时{at.minute:02d}分"


async def close(tx: Transaction, enquiry: Enquiry, satisfaction: str | None) -> None:
    """The end: nothing about it is anybody's work any more."""
    enquiry.advance(EnquiryStatus.CLOSED)
    enquiry.closed_at, enquiry.satisfaction, enquiry.close_at = tx.now, satisfaction, None
    end_pause(enquiry, tx.now)
    enquiry.escalate_at = None
    await close_items(tx, enquiry.id)


def end_pause(enquiry: Enquiry, now: datetime) -> None:
    """Close the span that lasts, if one does."""
    if enquiry.paused:
        enquiry.pauses = [*enquiry.pauses[:-1], {**enquiry.pauses[-1], "to_at": now.isoformat()}]
        enquiry.paused = False


async def on_timeline(tx: Transaction, enquiry: Enquiry, verb: str, **summary: Any) -> None:
    """Its receipt and its answer stand under its customer, each once."""
    customer = await customer_of(tx, enquiry)
    if customer is None:
        return
    scope = tx.scope
    await tx.use_scope("00")
    about = ("enquiry", enquiry.id, enquiry.org_path)
    await tell_here(tx, customer, f"crm.enquiry.{verb}", about, enquiry_no=enquiry.enquiry_no, **summary)
    await tx.use_scope(scope)


async def measure(tx: Transaction, enquiry: Enquiry) -> None:
    """What the enquiry adds to the share answered in time, on the day until which it was promised."""
    due_at = enquiry.promise_due_at or enquiry.untouched_at
    about = ("enquiry", enquiry.id, enquiry.org_path)
    part = int(bool(enquiry.answered_in_time))
    await count(tx, Metric.ENQUIRY_ON_TIME, about, on=legal_day(due_at), part=part)


async def who_may_take_over(tx: Transaction, enquiry_id: UUID, _state: Any) -> Check:
    """For pickers and for work that is given on: whoever takes enquiries at a unit that has this one."""
    enquiry = await tx.find(Enquiry, enquiry_id)

    async def check(person_id: UUID) -> None:
        await refuse_without_post(tx, person_id, ("service_agent",), enquiry.org_path)

    return check


async def follow_handler(tx: Transaction, enquiry_id: UUID, person_id: UUID) -> None:
    """The enquiry names its new handler."""
    enquiry = await tx.find(Enquiry, enquiry_id, lock=True)
    enquiry.handler_id = person_id
    enquiry.version += 1
    enquiry.updated_at = tx.now


async def unit_above(tx: Transaction, org_path: str, step: int) -> directory.Unit | None:
    """The unit `step` levels above the one at this path, None beyond head office."""
    units = await directory.units_on_path(tx, org_path)
    return units[step] if step < len(units) else None


def check_open(_actor: Any, facts: queries.EnquiryFacts) -> None:
    """Whether there is still something to answer."""
    rules.refuse_outside(facts.enquiry.state, rules.UNANSWERED)
