"""Carry out a return visit: attempts, answers, what they find, and what happens when nobody asked in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.crm import events
from services.crm.customer.tables import Customer
from services.crm.timeline.handlers import Fact, remember
from services.crm.visit import queries, rules, shapes
from services.crm.visit.queries import VisitFacts
from services.crm.visit.rules import questionnaire
from services.crm.visit.schemas import AttemptFactOut, AttemptVisit, CompleteVisit, CompletionFactOut
from services.crm.visit.tables import Finding, ReturnVisit, VisitAttempt
from shared import directory
from shared.actions import Action
from shared.actor import Actor
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
        rules.refuse_caller(person, sellers=facts.sellers, claim_duties=facts.claim_duties)


async def _moment(tx: Transaction, occurred_at: datetime | None, reason: str | None) -> datetime:
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
        moment = await _moment(tx, command.occurred_at, command.reason)
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


async def complete_visit(
    db: Database, actor: Actor, key: RequestKey, visit_id: UUID, version: int | None, command: CompleteVisit
) -> Answer:
    """The customer answered; every negative answer and every mismatch of data opens a finding."""
    async with db.transaction(actor, key) as tx:
        visit = await tx.find_for_change(ReturnVisit, visit_id, version)
        check_visit(actor, await queries.facts_of(tx, visit))
        moment = await _moment(tx, command.occurred_at, command.reason)
        asked_version, asked = await queries.questions(tx, visit.kind)
        done = rules.complete(
            visit.state, command.mode, command.recording_ref, [one.question for one in asked], command.answers,
            sorted(set(command.mismatches)),
        )  # fmt: skip
        before = visit.status
        visit.status, visit.mode, visit.recording_ref = str(done.statuses[-1]), str(command.mode), command.recording_ref
        visit.questionnaire_version, visit.answers, visit.remark = asked_version, dict(command.answers), command.remark
        visit.score = score = questionnaire.score(asked, command.answers)
        visit.completed_at, visit.completed_by = moment, actor.person_id
        await close_items(tx, visit.id)
        found = [await raise_finding(tx, visit, one) for one in done.findings]
        await _tell(tx, visit, moment, found)
        after = {"status": visit.status, "mode": visit.mode, "score": visit.score, "findings": len(found)}
        tx.note("complete", visit, before={"status": before}, after=after, reason=command.reason)
        out = CompletionFactOut(
            id=uuid7(), created_at=tx.now, occurred_at=moment, mode=str(command.mode), score=score,
            findings=[shapes.finding_state(one) for one in found], return_visit=shapes.state_of(visit),
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/return-visits/{visit.id}", version=visit.version)


async def _tell(tx: Transaction, visit: ReturnVisit, moment: datetime, found: list[Finding]) -> None:
    ids = [one.id for one in found]
    told = events.ReturnVisitCompleted(
        visit_id=visit.id, kind=visit.kind, about_kind=visit.about_kind, about=visit.about_id, score=visit.score or 0,
        findings=ids,
    )  # fmt: skip
    tx.publish(told, visit)
    fact = Fact(
        event_id=uuid7(), kind="crm.return_visit.completed", occurred_at=moment, about_kind=visit.about_kind,
        about_id=visit.about_id, record_version=0, path=visit.org_path,
        summary={"visit_id": str(visit.id), "kind": visit.kind, "score": visit.score, "findings": len(ids)},
    )  # fmt: skip
    await remember(tx, fact)


async def raise_finding(tx: Transaction, visit: ReturnVisit, draft: rules.FindingDraft) -> Finding:
    """Open a finding of a visit, tell whose matter it is, and ask the department above the customer's unit to see to
    it.
    """
    row = Finding(
        id=uuid7(), version=1, org_path=visit.org_path, customer_id=visit.customer_id, visit_id=visit.id,
        status="open", source=draft.source, area=draft.area, severity=str(draft.severity),
        about_kind=visit.about_kind, about_id=visit.about_id,
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    told = events.FindingRaised(
        finding_id=row.id, area=row.area, about_kind=row.about_kind, about=row.about_id, severity=row.severity
    )
    tx.publish(told, row)
    await open_item(
        tx, "finding", row, Text("处理回访发现的问题", "See to what a return visit found"), number=None,
        unit_code=await department_over(tx, row.org_path), position="department_head",
        href=f"/v1/findings/{row.id}/follow-ups", priority="high" if row.severity == "high" else "normal",
    )  # fmt: skip
    return row


async def department_over(tx: Transaction, org_path: str) -> str:
    """The nearest unit from here upwards that has a department: sub-branches have none."""
    units = await directory.units_on_path(tx, org_path)
    return next((one.code for one in units if one.level != "sub_branch"), org_path.split(".")[0])


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
    await raise_finding(tx, visit, rules.FindingDraft(late.id, "crm", severity))
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
        tx.note("cancel", visit, before={"status": before}, after={"status": visit.status, "event": event})


async def open_visit(tx: Transaction, visit: ReturnVisit, customer: Customer, number: str | None) -> None:
    """Ask the customer's unit to make the visit."""
    await open_item(
        tx, "return_visit", visit, Text("客户回访", "Visit the customer again"), number=number,
        unit_code=customer.unit_code, position="service_agent", due_at=visit.due_at, basis=visit.deadline.id,
        href=f"/v1/return-visits/{visit.id}/attempts",
    )  # fmt: skip


ACTIONS: tuple[Action[VisitFacts], ...] = (
    Action("attempt", "POST", "/v1/return-visits/{id}/attempts", "crm.return_visit.attempt", check_visit),
    Action("complete", "POST", "/v1/return-visits/{id}/completions", "crm.return_visit.complete", check_visit),
)

TICKS = (Tick(queries.OVERDUE, timedelta(minutes=1), one_by_one(queries.overdue, escalate)),)
