"""Issue, acknowledge and complete a directive; each function is one transaction."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from gateway.directives import queries, rules, shapes
from gateway.directives.schemas import AcknowledgeDirective, CompleteDirective, IssueDirective, IssueOut
from gateway.directives.tables import Directive
from gateway.organisation.queries import today, unit_of_code
from gateway.organisation.rules import UnitCloses
from gateway.organisation.tables import UnitRow
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Fault, ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.ticks import Tick, one_by_one
from shared.work_items import close_items, open_item

ACKNOWLEDGE, COMPLETE = "acknowledge_directive", "complete_directive"


async def issue_directive(db: Database, actor: Actor, key: RequestKey, command: IssueDirective) -> Answer:
    """One directive with its work item for each unit below the caller's that is named."""
    async with db.transaction(actor, key) as tx:
        units = await _addressed(tx, command.unit_codes)
        rules.may_issue(actor, [(n, unit.org_path) for n, unit in units], command.due_on, today(tx))
        issue_id = uuid7()
        rows = [_directive(tx, issue_id, unit, command) for _, unit in units]
        await tx.flush()
        for row in rows:
            await _ask(tx, row, ACKNOWLEDGE)
            tx.note("issue", row, after={"unit_code": row.unit_code, "due_on": row.due_on.isoformat()})
        out = IssueOut(issue_id=issue_id, items=[shapes.directive_item(row) for row in rows])
        return tx.answer(out, location=f"/v1/directives?issue_id={issue_id}")


async def _addressed(tx: Transaction, codes: list[str]) -> list[tuple[int, UnitRow]]:
    """Place in the request and unit, each unit once. Raises `ReferenceNotFound`, `UnitCloses`."""
    found, missing = {}, []
    for n, code in enumerate(codes):
        unit = await unit_of_code(tx, code, lock=True)
        if unit is None:
            words = Text("没有找到该机构。", "There is no such unit.")
            missing.append(Fault(ReferenceNotFound.code, words, pointer=f"#/unit_codes/{n}"))
        else:
            found.setdefault(code, (n, unit))
    if missing:
        raise ReferenceNotFound(*missing)
    for _, unit in found.values():
        if unit.closed_on is not None and unit.closed_on <= today(tx):
            raise UnitCloses(closes_on=unit.closed_on.isoformat())
    return list(found.values())


def _directive(tx: Transaction, issue_id: UUID, unit: UnitRow, command: IssueDirective) -> Directive:
    row = Directive(
        id=uuid7(), version=1, org_path=unit.org_path, issue_id=issue_id, unit_code=unit.code,
        issuer_unit_code=tx.actor.unit_code, issued_by=tx.actor.person_id, text=command.text, due_on=command.due_on,
        status=rules.DirectiveStatus.ISSUED,
    )  # fmt: skip
    tx.add(row)
    return row


async def _ask(tx: Transaction, row: Directive, kind: str) -> None:
    """The work item of the unit addressed: first to acknowledge, then to complete."""
    last, title = ("acknowledgements", Text("签收工作指令", "Acknowledge a directive"))
    if kind == COMPLETE:
        last, title = ("completions", Text("完成工作指令", "Complete a directive"))
    await open_item(
        tx, kind, row, title, number=None, unit_code=row.unit_code, href=f"/v1/directives/{row.id}/{last}",
        due_at=queries.due_at(row.due_on), basis="directive",
    )  # fmt: skip


async def acknowledge_directive(
    db: Database, actor: Actor, key: RequestKey, directive_id: UUID, version: int | None, command: AcknowledgeDirective
) -> Answer:
    """The unit addressed has read it; the work to do becomes its own."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Directive, directive_id, version)
        shapes.may_acknowledge(actor, row)
        before = {"status": row.status}
        row.status = rules.after_acknowledgement(row.status)
        row.acknowledged_at, row.acknowledged_by = tx.now, actor.person_id
        await close_items(tx, row.id, ACKNOWLEDGE)
        await _ask(tx, row, COMPLETE)
        tx.note("acknowledge", row, before=before, after={"status": row.status}, reason=command.note)
        return tx.answer(shapes.fact_out(uuid7(), row, tx), location=f"/v1/directives/{row.id}", version=row.version)


async def complete_directive(
    db: Database, actor: Actor, key: RequestKey, directive_id: UUID, version: int | None, command: CompleteDirective
) -> Answer:
    """The unit addressed has done what it was told."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Directive, directive_id, version)
        shapes.may_complete(actor, row)
        before = {"status": row.status}
        row.status = rules.DirectiveStatus.DONE
        row.done_at, row.done_by, row.result = tx.now, actor.person_id, command.result
        await close_items(tx, row.id)
        tx.note("complete", row, before=before, after={"status": row.status})
        return tx.answer(shapes.fact_out(uuid7(), row, tx), location=f"/v1/directives/{row.id}", version=row.version)


async def become_overdue(tx: Transaction, directive_id: UUID) -> None:
    """From the day after its due day a directive that is not done is overdue; its work item stays open."""
    row = await tx.scalar(select(Directive).where(Directive.id == directive_id).with_for_update())
    if row is None or not rules.is_overdue(row.status, row.due_on, today(tx)):
        return
    before = {"status": row.status}
    row.status, row.version, row.updated_at = rules.DirectiveStatus.OVERDUE, row.version + 1, tx.now
    tx.note("become_overdue", row, before=before, after={"status": row.status})


OVERDUE = Tick("directives_overdue", timedelta(minutes=1), one_by_one(queries.late, become_overdue))
