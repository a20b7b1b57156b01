"""The customer answered: every negative answer and every mismatch of data opens a finding, opinions and demands go to
whoever can answer.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from services.crm import events
from services.crm.completion.schemas import CompleteVisit, CompletionFactOut
from services.crm.cool_down.handlers import was_asked
from services.crm.customer.tables import Customer
from services.crm.data_check import handlers as data_check
from services.crm.data_check.tables import DataCheck
from services.crm.figure.handlers import tell_fact
from services.crm.opinion import handlers as opinion
from services.crm.opinion.shapes import state_of
from services.crm.questionnaire.queries import asked_at
from services.crm.questionnaire.rules import score
from services.crm.timeline.handlers import Fact
from services.crm.visit import queries, rules, shapes
from services.crm.visit.handlers import check_visit, count_visit, found_in, moment_of, raise_finding
from services.crm.visit.queries import VisitFacts
from services.crm.visit.tables import Finding, ReturnVisit
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items


async def complete_visit(
    db: Database, actor: Actor, key: RequestKey, visit_id: UUID, version: int | None, command: CompleteVisit
) -> Answer:
    """Keep what the customer said, with everything that follows from it, or nothing."""
    async with db.transaction(actor, key) as tx:
        visit = await tx.find_for_change(ReturnVisit, visit_id, version)
        check_visit(actor, await queries.facts_of(tx, visit))
        moment, before = await moment_of(tx, command.occurred_at, command.reason), visit.status
        customer = await tx.scalar(select(Customer).where(Customer.id == visit.customer_id))
        checks = await _checks(tx, customer, visit, command)
        done = await _answered(tx, visit, command, [one.field for one in checks if not one.matches])
        visit.completed_at, visit.completed_by = moment, actor.person_id
        await count_visit(tx, visit, made=True)
        await close_items(tx, visit.id)
        await was_asked(tx, customer, "return_visit", visit.id, moment)
        found = [await raise_finding(tx, found_in(visit), one) for one in done.findings]
        _point(checks, found)
        thought = await opinion.keep_opinions(tx, customer, visit.id, command.opinions)
        needed = await opinion.keep_demands(tx, customer, visit.id, command.demands)
        await _tell(tx, visit, moment, found)
        after = {"status": visit.status, "mode": visit.mode, "score": visit.score, "findings": len(found)}
        tx.note("complete", visit, before={"status": before}, after=after, reason=command.reason)
        out = CompletionFactOut(
            id=uuid7(), created_at=tx.now, occurred_at=moment, mode=str(command.mode), score=visit.score or 0,
            findings=[shapes.finding_state(one) for one in found], return_visit=shapes.state_of(visit),
            data_checks=[data_check.state_of(one) for one in checks],
            opinions=[state_of(one) for one in thought], demands=[state_of(one) for one in needed],
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/return-visits/{visit.id}", version=visit.version)


async def _checks(tx: Transaction, customer: Customer, visit: ReturnVisit, command: CompleteVisit) -> list[DataCheck]:
    """Of what he stated and of what he only called wrong; each field once, his statement first."""
    said: dict[str, str | None] = dict.fromkeys(sorted(set(command.mismatches)))
    said |= {one.field: one.stated for one in sorted(command.stated, key=lambda one: one.field)}
    return [await data_check.check(tx, customer, field, stated, visit.id) for field, stated in said.items()]


async def _answered(
    tx: Transaction, visit: ReturnVisit, command: CompleteVisit, differing: list[str]
) -> rules.Completion:
    edition, version, asked = await asked_at(tx, visit.kind, visit.org_path)
    questions = [one.question for one in asked]
    done = rules.complete(visit.state, command.mode, command.recording_ref, questions, command.answers, differing)
    visit.status, visit.mode, visit.recording_ref = str(done.statuses[-1]), str(command.mode), command.recording_ref
    visit.questionnaire_version, visit.answers, visit.remark = version, dict(command.answers), command.remark
    visit.questionnaire_id = None if edition is None else edition.id
    visit.score = score(asked, command.answers)
    return done


def _point(checks: list[DataCheck], found: list[Finding]) -> None:
    """A difference names the finding that it became."""
    by_source = {one.source: one.id for one in found if one.area == data_check.AREA}
    for one in checks:
        one.finding_id = by_source.get(one.field)


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
    await tell_fact(tx, fact)


ACTIONS: tuple[Action[VisitFacts], ...] = (
    Action("complete", "POST", "/v1/return-visits/{id}/completions", "crm.return_visit.complete", check_visit),
)
