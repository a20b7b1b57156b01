"""Attempt a return visit, raise what it finds, and what happens when nobody asked in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.crm import events
from services.crm.customer.tables import Customer
from services.crm.figure.handlers import record, withdraw
from services.crm.figure.rules import Metric
from services.crm.opinion.handlers import unit_over
from services.crm.visit import queries, rules, shapes
from services.crm.visit.queries import VisitFacts
from services.crm.visit.rules import routing
from services.crm.visit.schemas import AttemptFactOut, AttemptVisit
from services.crm.visit.tables import Finding, ReturnVisit, VisitAttempt
from shared.actions import Action
from shared.actor import Actor
from shared.clock import at_midnight
from shared.database import Database, Transaction
from shared.errors import Fault, OccurredInFuture, ReasonRequired, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.periods import Deadline
from shared.ticks import Tick, claim, one_by_one
from shared.work_items import close_items, open_item


def check_visit(actor: Actor, facts: VisitFacts) -> None:
    """Whether this caller may ask this customer now: the visit is open, and it is not about his own work."""
    rules.may_go_on(facts.visit.state)
    for person in {actor.person_id, actor.on_behalf_of or actor.person_id}:
        rules.refuse_caller(person, sellers=facts.sellers, claim_duties=facts.claim_duties, manager=facts.manager)


async def moment_of(tx: Transaction, occurred_at: datetime | None, reason: str | None) -> datetime:
    """When it happened: not in the future, and long before it is entered only with a reason."""
    if occurred_at is None:
        return tx.now
    if occurred_at > tx.now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/occurred_at"))
    grace = timedelta(minutes=(await queries.figures(tx)).content["late_entry_minutes"])
    if occurred_at < tx.now - grace and not (reason or "").strip():
        raise ReasonRequired(Fault(ReasonRequired.code, ReasonRequired.detail, pointer="#/reason"))
    return occurred_at


async def attempt_visit(
    db: Database, actor: Actor, key: RequestKey, visit_id: UUID, version: int | None, command: AttemptVisit
) -> Answer:
    """One more attempt without an answer; after enough of them the customer may be given up."""
    async with db.transaction(actor, key) as tx:
        visit = await tx.find_for_change(ReturnVisit, visit_id, version)
        facts = await queries.facts_of(tx, visit)
        check_visit(actor, facts)
        moment = await moment_of(tx, command.occurred_at, command.reason)
        before = visit.status
        status = rules.attempt(visit.state, facts.modes, command.mode)
        if command.result == "unreachable":
            needed = (await queries.figures(tx)).content["attempts_before_unreachable"]
            status = rules.give_up(status, len(facts.modes) + 1, needed)
        row = VisitAttempt(
            id=uuid7(), visit_id=visit.id, org_path=visit.org_path, mode=str(command.mode), result=command.result,
            occurred_at=moment, recording_ref=command.recording_ref, remark=command.remark, person_id=actor.person_id,
        )  # fmt: skip
        tx.add(row)
        visit.status, visit.mode = str(status), str(command.mode)
        if status is rules.VisitStatus.UNREACHABLE:
            await close_items(tx, visit.id)
        after = {"status": visit.status, "mode": visit.mode, "result": command.result}
        tx.note("attempt", visit, before={"status": before}, after=after, reason=command.reason)
        out = AttemptFactOut(
            id=row.id, created_at=tx.now, occurred_at=moment, mode=row.mode, result=row.result,
            return_visit=shapes.state_of(visit),
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/return-visits/{visit.id}", version=visit.version)


@dataclass(frozen=True)
class Found:
    """Where a finding comes from: whose customer, out of which visit, about what."""

    customer_id: UUID
    org_path: str
    visit_id: UUID | None
    about_kind: str
    about_id: UUID


def found_in(visit: ReturnVisit) -> Found:
    return Found(visit.customer_id, visit.org_path, visit.id, visit.about_kind, visit.about_id)


async def raise_finding(tx: Transaction, found: Found, draft: rules.FindingDraft) -> Finding:
    """Open a finding, tell whose matter it is, and ask those to see to it who answer for such matters, until a day."""
    position, unit = await _routed(tx, found, draft.area)
    days = (await queries.figures(tx)).content["findings"]["within_working_days"]
    due_on = (await queries.calendar(tx)).add_working_days(queries.today(tx), days)
    row = Finding(
        id=uuid7(), version=1, org_path=found.org_path, customer_id=found.customer_id, visit_id=found.visit_id,
        status="open", source=draft.source, area=draft.area, severity=str(draft.severity),
        about_kind=found.about_kind, about_id=found.about_id, due_on=due_on, routed_unit=unit, routed_position=position,
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    told = events.FindingRaised(
        finding_id=row.id, area=row.area, about_kind=row.about_kind, about=row.about_id, severity=row.severity
    )
    tx.publish(told, row)
    await open_item(
        tx, "finding", row, Text("处理回访发现的问题", "See to what a return visit found"), number=None,
        unit_code=unit, position=position, href=f"/v1/findings/{row.id}/follow-ups",
        due_at=at_midnight(due_on + timedelta(days=1)), priority="high" if row.severity == "high" else "normal",
    )  # fmt: skip
    return row


async def _routed(tx: Transaction, found: Found, area: str) -> tuple[str, str]:
    """Position and unit that see to a finding."""
    position, at = routing.route(area)
    if at is routing.At.UNIT:
        return position, found.org_path.rpartition(".")[2]
    if at is routing.At.DEPARTMENT:
        return position, await department_over(tx, found.org_path)
    return position, await unit_over(tx, found.org_path, at_branch=True)


async def department_over(tx: Transaction, org_path: str) -> str:
    """The nearest unit from here upwards that has a department: sub-branches have none."""
    return await unit_over(tx, org_path, at_branch=False)


async def escalate(tx: Transaction, visit_id: UUID) -> None:
    """The visit was not made in time: the breach is recorded, the unit above is asked, and it is a finding, once."""
    visit = await tx.find(ReturnVisit, visit_id, lock=True)
    if visit.state not in rules.OPEN or visit.due_at > tx.now:
        return
    if not await claim(tx, queries.OVERDUE, visit.id, visit.due_on):
        return
    above = await department_over(tx, visit.org_path)
    late = replace(visit.deadline, breached_at=visit.due_at, escalated_to=above)
    set_due(visit, late)
    visit.version += 1
    visit.updated_at = tx.now
    severity = rules.Severity((await queries.figures(tx)).content["breach_severity"])
    await raise_finding(tx, found_in(visit), rules.FindingDraft(late.id, "crm", severity))
    await open_item(
        tx, "escalated_visit", visit, Text("回访已超期", "A return visit is overdue"), number=None, unit_code=above,
        position="department_head", due_at=visit.due_at, basis=late.id, href=f"/v1/return-visits/{visit.id}",
        method="GET", priority="high",
    )  # fmt: skip
    tx.note("deadline_breached", visit, after={"deadline": late.id, "due_on": visit.due_on, "escalated_to": above})


def set_due(visit: ReturnVisit, deadline: Deadline) -> None:
    """Store the deadline, and what lists sort and filter by."""
    visit.due, visit.due_at = deadline.stored(), deadline.due_at
    visit.due_on = deadline.due_on or visit.due_on


async def cancel_visits(tx: Transaction, visits: Iterable[ReturnVisit], event: str) -> None:
    """The reason for these visits has been taken away; one that was made already stays."""
    for visit in visits:
        before = visit.status
        visit.status = str(rules.advance(visit.state, rules.VisitStatus.CANCELLED))
        visit.cancelled_by = event
        visit.version += 1
        visit.updated_at = tx.now
        await close_items(tx, visit.id)
        about = ("return_visit", visit.id, visit.org_path)
        await withdraw(tx, Metric.RETURN_VISIT_SUCCESS, about, on=visit.due_on)
        tx.note("cancel", visit, before={"status": before}, after={"status": visit.status, "event": event})


async def count_visit(tx: Transaction, visit: ReturnVisit, *, made: bool) -> None:
    """A planned visit counts on the day it is due: made, or not yet."""
    about = ("return_visit", visit.id, visit.org_path)
    await record(tx, Metric.RETURN_VISIT_SUCCESS, about, on=visit.due_on, part=int(made))


async def open_visit(tx: Transaction, visit: ReturnVisit, customer: Customer, number: str | None) -> None:
    """Ask the customer's unit to make the visit."""
    await count_visit(tx, visit, made=False)
    await open_item(
        tx, "return_visit", visit, Text("客户回访", "Visit the customer again"), number=number,
        unit_code=customer.unit_code, position="service_agent", due_at=visit.due_at, basis=visit.deadline.id,
        href=f"/v1/return-visits/{visit.id}/attempts",
    )  # fmt: skip


ACTIONS: tuple[Action[VisitFacts], ...] = (
    Action("attempt", "POST", "/v1/return-visits/{id}/attempts", "crm.return_visit.attempt", check_visit),
)

TICKS = (Tick(queries.OVERDUE, timedelta(minutes=1), one_by_one(queries.overdue, escalate)),)
