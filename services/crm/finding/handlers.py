"""Follow a finding up, or let it end with what grew out of it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from services.crm.data_check import handlers as data_check
from services.crm.finding import queries, rules, shapes
from services.crm.finding.queries import FindingFacts
from services.crm.finding.rules import FindingStatus
from services.crm.finding.schemas import FollowUpFactOut, FollowUpFinding
from services.crm.finding.tables import FollowUp
from services.crm.opinion.handlers import unit_over
from services.crm.visit.rules import VisitStatus, advance
from services.crm.visit.tables import Finding, ReturnVisit
from shared.actions import Action
from shared.actor import Actor
from shared.clock import at_midnight, legal_day
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.ticks import Tick, claim, one_by_one
from shared.work_items import close_items, open_item


def check_follow_up(actor: Actor, facts: FindingFacts) -> None:
    """Whether this caller may do something about this finding now."""
    rules.may_follow_up(FindingStatus(facts.finding.status))
    persons = {actor.person_id, actor.on_behalf_of or actor.person_id}
    rules.refuse_seller(facts.finding.area, persons, facts.sellers)


async def follow_up(
    db: Database, actor: Actor, key: RequestKey, finding_id: UUID, version: int | None, command: FollowUpFinding
) -> Answer:
    """One step about a finding; the last one ends it, and with the last finding its visit."""
    async with db.transaction(actor, key) as tx:
        finding = await tx.find_for_change(Finding, finding_id, version)
        check_follow_up(actor, await queries.facts_of(tx, finding))
        row = FollowUp(
            id=uuid7(), finding_id=finding.id, org_path=finding.org_path, person_id=actor.person_id,
            **command.model_dump(),
        )  # fmt: skip
        tx.add(row)
        before = finding.status
        if command.fixed:
            await data_check.settle(tx, finding, corrected=command.action == "corrected")
            await _end(tx, finding)
        after = {"status": finding.status, "action": command.action}
        tx.note("follow_up", finding, before={"status": before}, after=after)
        out = FollowUpFactOut(
            id=row.id, created_at=tx.now, action=row.action, fixed=row.fixed, finding=shapes.state_of(finding)
        )
        return tx.answer(out, location=f"/v1/findings/{finding.id}", version=finding.version)


async def _end(tx: Transaction, finding: Finding) -> None:
    finding.status, finding.fixed_at = str(FindingStatus.FIXED), tx.now
    await close_items(tx, finding.id)
    await tx.flush()
    if finding.visit_id is not None and not await queries.open_of_visit(tx, finding.visit_id):
        await _followed_up(tx, finding.visit_id)


async def _followed_up(tx: Transaction, visit_id: UUID) -> None:
    """Nothing that the visit found is open any more."""
    visit = await tx.find(ReturnVisit, visit_id, lock=True)
    if visit.state is VisitStatus.ROUTED:
        before = visit.status
        visit.status = str(advance(visit.state, VisitStatus.FOLLOWED_UP))
        visit.version += 1
        visit.updated_at = tx.now
        tx.note("follow_up", visit, before={"status": before}, after={"status": visit.status})


async def led_to(tx: Transaction, finding: Finding, kind: str, record_id: UUID) -> None:
    """A record of another service grew out of the finding, which ends with it: once, the first one counts."""
    if finding.status == FindingStatus.FIXED:
        return
    finding.led_to_kind, finding.led_to_id = kind, record_id
    await data_check.settle(tx, finding, corrected=False)
    finding.version += 1
    finding.updated_at = tx.now
    await _end(tx, finding)
    after = {"status": finding.status, "led_to": kind, "led_to_id": str(record_id)}
    tx.note("close_source", finding, before={"status": str(FindingStatus.OPEN)}, after=after)


async def close_source(tx: Transaction, origin_kind: str, origin_id: UUID, kind: str, record_id: UUID) -> None:
    """What an origin names is done: the finding, or every open finding of the visit. Any other origin is not ours."""
    if origin_kind == "finding":
        found = select(Finding).where(Finding.id == origin_id)
    elif origin_kind == "visit":
        found = select(Finding).where(Finding.visit_id == origin_id, Finding.status == str(FindingStatus.OPEN))
    else:
        return
    for finding in await tx.scalars(found.order_by(Finding.id).with_for_update()):
        await led_to(tx, finding, kind, record_id)


async def escalate(tx: Transaction, finding_id: UUID) -> None:
    """A finding that was not put right in time: the branch is asked, once."""
    finding = await tx.find(Finding, finding_id, lock=True)
    if finding.status != FindingStatus.OPEN or finding.due_on is None or finding.due_on >= legal_day(tx.now):
        return
    if not await claim(tx, queries.OVERDUE, finding.id, finding.due_on):
        return
    branch = await unit_over(tx, finding.org_path, at_branch=True)
    await open_item(
        tx, "escalated_finding", finding, Text("回访问题逾期未处理", "A finding was not put right in time"),
        number=None, unit_code=branch, position="department_head", href=f"/v1/findings/{finding.id}", method="GET",
        due_at=at_midnight(finding.due_on + timedelta(days=1)), priority="high",
    )  # fmt: skip
    finding.version += 1
    finding.updated_at = tx.now
    tx.note("escalate", finding, after={"due_on": finding.due_on, "escalated_to": branch})


ACTIONS: tuple[Action[FindingFacts], ...] = (
    Action("follow_up", "POST", "/v1/findings/{id}/follow-ups", "crm.finding.follow_up", check_follow_up),
)

TICKS = (Tick(queries.OVERDUE, timedelta(minutes=1), one_by_one(queries.overdue, escalate)),)
