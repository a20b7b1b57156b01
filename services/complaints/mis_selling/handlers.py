"""Opening a case of suspected mis-selling, giving it to somebody who did not sell, and bringing it to its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.complaints import events
from services.complaints.clock import queries as clock
from services.complaints.complaint.handlers import happened
from services.complaints.complaint.queries import hide
from services.complaints.complaint.rules import branch_of
from services.complaints.complaint.tables import Complaint, PolicyReference
from services.complaints.mis_selling import queries, rules
from services.complaints.mis_selling.queries import CHECKS, CaseFacts
from services.complaints.mis_selling.schemas import (
    AssignCase,
    CaseChanged,
    CloseCase,
    OpenCase,
    RecordAction,
    RecordFinding,
)
from services.complaints.mis_selling.tables import MisSellingCase
from shared import directory
from shared.actor import Actor
from shared.clock import SHANGHAI, legal_day, rfc3339
from shared.database import Database, Transaction
from shared.errors import Conflict, ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.periods import deadline_of
from shared.ticks import Tick, one_by_one
from shared.work_items import close_items, open_item


class CaseOpenAlready(Conflict):
    """Member: `case_id`."""

    code = "mis_selling_case_exists"
    title = Text("该来源已有案件", "There is a case of this source already")
    detail = Text("该来源对该销售人员已有案件。", "This source has a case about this seller already.")


async def open_case(db: Database, actor: Actor, key: RequestKey, command: OpenCase) -> Answer:
    """Open a case by hand, from a complaint or a visit; it lies where the policy lies, else where the source does."""
    async with db.transaction(actor, key) as tx:
        seller = await directory.person_of_staff_no(tx, command.seller_staff_no)
        if seller is None:
            raise ReferenceNotFound.at("#/seller_staff_no")
        policy = await queries.policy_of(tx, command.policy_no)
        if command.policy_no is not None and policy is None:
            raise ReferenceNotFound.at("#/policy_no")
        path, complaint = actor.scope, None
        if command.source.kind == "complaint":
            complaint = await tx.scalar(select(Complaint).where(Complaint.id == command.source.id))
            if complaint is None:
                raise ReferenceNotFound.at("#/source/id")
            path = complaint.org_path
            policy = policy or await queries.policy_of(tx, None, complaint.policy_id)
        path = await _place(tx, policy) or path
        at = happened(tx, command.found_at, "#/found_at")
        source = events.Origin(kind=command.source.kind, id=command.source.id)
        await tx.use_scope("00")
        existing = await _existing(tx, command.source.kind, command.source.id, seller)
        if existing is not None:
            raise CaseOpenAlready(case_id=str(existing))
        case = await _open(tx, source, seller, policy, path, at, also=complaint.kept_out if complaint else ())
        return tx.answer(_changed(case), location=f"/v1/mis-selling-cases/{case.id}", version=case.version)


async def _place(tx: Transaction, policy: PolicyReference | None) -> str | None:
    unit = None if policy is None else await directory.unit_by_code(tx, policy.unit_code)
    return None if unit is None else unit.path


async def _existing(tx: Transaction, kind: str, source_id: UUID, seller: UUID) -> UUID | None:
    mine = select(MisSellingCase.id).where(
        MisSellingCase.source_kind == kind, MisSellingCase.source_id == source_id,
        MisSellingCase.seller_person_id == seller,
    )  # fmt: skip
    return await tx.scalar(mine)


async def _open(
    tx: Transaction, source: events.Origin, seller: UUID, policy: PolicyReference | None, path: str, at: datetime,
    also: Iterable[str] = (),
) -> MisSellingCase:  # fmt: skip
    """`also`: who stays out of the complaint that the case grew out of."""
    data, found_on = await clock.dated(tx), legal_day(at)
    deadline = deadline_of(data.registry.row("DL-MS-1", found_on), found_on, data.calendar)
    if deadline.due_on is None or deadline.due_legal_on is None:
        raise ValueError("the period of a case is counted in days")
    case = MisSellingCase(
        id=uuid7(), version=1, org_path=path, status=str(rules.CaseStatus.OPEN),
        source_kind="complaint" if source.kind == "complaint" else "visit", source_id=source.id,
        policy_no=policy.policy_no if policy else None, policy_id=policy.policy_id if policy else None,
        product=policy.product if policy else None, seller_person_id=seller,
        kept_out=list(dict.fromkeys([*await queries.kept_out(tx, seller), *also])),
        found_at=at.astimezone(SHANGHAI), due_on=deadline.due_on,
        due_legal_on=deadline.due_legal_on, due_at=deadline.due_at, deadline=deadline.stored(), actions=[],
    )  # fmt: skip
    tx.add(case)
    await tx.flush()
    opened = events.MisSellingOpened(
        case_id=case.id, policy_id=case.policy_id, customer_id=policy.customer_id if policy else None,
        seller_id=seller, due_on=case.due_on, origin=None if source.kind == "complaint" else source,
        kept_out=tuple(UUID(one) for one in case.kept_out),
    )  # fmt: skip
    tx.publish(opened, case)
    await _ask(tx, case, "assign_mis_selling", Text("指派非销售人员处理", "Give it to somebody who did not sell"))
    tx.note("open", case, after={"status": case.status, "source": source.kind, "due_on": str(case.due_on)})
    await hide(tx, case.id, case.kept_out)
    return case


async def open_for_finding(tx: Transaction, finding_id: UUID, policy_id: UUID, at: datetime) -> None:
    """A visit's finding opens the case by itself, once; without a known seller there is nobody to look at."""
    policy = await queries.policy_of(tx, None, policy_id)
    path = await _place(tx, policy)
    if policy is None or policy.seller_id is None or path is None:
        return
    if await _existing(tx, "visit", finding_id, policy.seller_id) is None:
        await _open(tx, events.Origin(kind="finding", id=finding_id), policy.seller_id, policy, path, at)


async def _ask(tx: Transaction, case: MisSellingCase, kind: str, title: Text, **more: Any) -> None:
    whom: dict[str, Any] = {"position": "department_head", **more}
    branch = branch_of(case.org_path).rpartition(".")[2]
    await open_item(
        tx, kind, case, title, number=case.policy_no, unit_code=branch, due_at=case.due_at,
        basis=case.deadline["basis"], href=f"/v1/mis-selling-cases/{case.id}", method="GET", **whom,
    )  # fmt: skip


def _changed(case: MisSellingCase) -> CaseChanged:
    return CaseChanged(id=case.id, version=case.version, status=case.status, created_at=case.created_at)


async def _for_act(tx: Transaction, case_id: UUID, version: int | None, act: str) -> MisSellingCase:
    case = await tx.find_for_change(MisSellingCase, case_id, version)
    CHECKS[act](tx.actor, CaseFacts(case))
    return case


def _noted(tx: Transaction, case: MisSellingCase, act: str, before: str, **after: Any) -> Answer:
    tx.note(act, case, before={"status": before}, after={"status": case.status, **after})
    return tx.answer(_changed(case), location=f"/v1/mis-selling-cases/{case.id}", version=case.version)


async def assign_case(
    db: Database, actor: Actor, key: RequestKey, case_id: UUID, version: int | None, command: AssignCase
) -> Answer:
    """Give it to a person who did not sell this policy, does not manage the seller, and does not sell at all."""
    async with db.transaction(actor, key) as tx:
        case = await _for_act(tx, case_id, version, "assign")
        held = await directory.appointments(tx, person_id=command.handler_person_id)
        if not held:
            raise ReferenceNotFound.at("#/handler_person_id")
        rules.refuse_seller((command.handler_person_id,), CaseFacts(case).kept_out, queries.positions_of(held))
        case.handler_person_id = command.handler_person_id
        await close_items(tx, case.id, "assign_mis_selling", "handle_mis_selling")
        title = Text("处理销售误导", "Handle the suspected mis-selling")
        await _ask(tx, case, "handle_mis_selling", title, position=None, person_id=command.handler_person_id)
        return _noted(tx, case, "assign", case.status, handler=str(command.handler_person_id))


async def record_finding(
    db: Database, actor: Actor, key: RequestKey, case_id: UUID, version: int | None, command: RecordFinding
) -> Answer:
    """Say whether it was mis-selling."""
    async with db.transaction(actor, key) as tx:
        case = await _for_act(tx, case_id, version, "find")
        before = case.status
        wanted = rules.CaseStatus.VERIFIED if command.verified else rules.CaseStatus.NOT_VERIFIED
        case.status = str(rules.advance(rules.CaseStatus(before), wanted))
        case.findings = command.findings
        return _noted(tx, case, "find", before)


async def record_action(
    db: Database, actor: Actor, key: RequestKey, case_id: UUID, version: int | None, command: RecordAction
) -> Answer:
    """Write down what was done about it."""
    async with db.transaction(actor, key) as tx:
        case = await _for_act(tx, case_id, version, "act")
        at = happened(tx, command.done_at, "#/done_at")
        told = {"kind": str(command.kind), "description": command.description, "done_at": rfc3339(at)}
        case.actions = [*case.actions, told]
        return _noted(tx, case, "act", case.status, kind=str(command.kind))


async def close_case(
    db: Database, actor: Actor, key: RequestKey, case_id: UUID, version: int | None, command: CloseCase
) -> Answer:
    """Close it with what was done; never without."""
    async with db.transaction(actor, key) as tx:
        case = await _for_act(tx, case_id, version, "close")
        before = case.status
        action = rules.close(rules.CaseStatus(before), [one["kind"] for one in case.actions])
        case.status, case.outcome, case.closed_at = str(rules.CaseStatus.CLOSED), command.outcome, tx.now
        closed = events.MisSellingClosed(
            case_id=case.id, policy_id=case.policy_id, outcome=command.outcome, action=action
        )
        tx.publish(closed, case)
        await close_items(tx, case.id)
        return _noted(tx, case, "close", before, outcome=command.outcome, action=action)


async def _passed(tx: Transaction, limit: int) -> Sequence[UUID]:
    statement = select(MisSellingCase.id).where(
        MisSellingCase.closed_at.is_(None), MisSellingCase.breached_at.is_(None), MisSellingCase.due_at <= tx.now
    )
    return await tx.scalars(statement.order_by(MisSellingCase.due_at, MisSellingCase.id).limit(limit))


async def _tell_breach(tx: Transaction, case_id: UUID) -> None:
    """Fifteen working days are over: the head of the branch hears of it. A mark is no new version."""
    case = await tx.scalar(select(MisSellingCase).where(MisSellingCase.id == case_id).with_for_update())
    if case is None or case.breached_at is not None or case.closed_at is not None:
        return
    case.breached_at = tx.now
    title = Text("销售误导处理超期", "A case of mis-selling is overdue")
    await _ask(tx, case, "overdue_mis_selling", title, priority="high")
    tx.note("breach", case, after={"due_legal_on": str(case.due_legal_on)})


BREACHES = Tick("mis_selling_breaches", timedelta(seconds=60), one_by_one(_passed, _tell_breach))
TICKS = (BREACHES,)
