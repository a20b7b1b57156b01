"""Actions against a cause: decided on, done, and checked for their effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from services.complaints.cause import rules
from services.complaints.cause.rules import ActionStatus, CauseTree
from services.complaints.cause.schemas import CompleteRootCause, RecordRootCause
from services.complaints.cause.shapes import root_cause
from services.complaints.cause.tables import RootCause
from services.complaints.complaint.handlers import for_act, happened
from services.complaints.complaint.tables import Complaint
from shared import directory
from shared.actor import Actor
from shared.clock import at_midnight, legal_day
from shared.database import Database, Transaction, path_range
from shared.errors import NotFound, ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.rule_sets import in_force
from shared.ticks import Tick, claim, one_by_one, unclaimed
from shared.work_items import open_item


async def record_root_cause(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, version: int | None, command: RecordRootCause
) -> Answer:
    """Decide on an action against the cause, with its owner and its date."""
    async with db.transaction(actor, key) as tx:
        facts = await for_act(tx, complaint_id, version)
        complaint, tree = facts.complaint, (await in_force(tx, "causes")).parsed(CauseTree.from_content)
        owner = await directory.person_of_staff_no(tx, command.owner_staff_no)
        if owner is None:
            raise ReferenceNotFound.at("#/owner_staff_no")
        cause = command.cause or complaint.cause
        rules.check_new_action(command.due_on, legal_day(tx.now), owner, facts.grounds, tree.leaf(cause))
        row = RootCause(
            id=uuid7(), created_at=tx.now, complaint_id=complaint.id, org_path=complaint.org_path, cause=cause,
            product=complaint.product, action=command.action, owner_person_id=owner, due_on=command.due_on,
            owner_path=complaint.owner_path, status=str(ActionStatus.OPEN),
        )  # fmt: skip
        tx.add(row)
        await _ask(tx, complaint, row, "root_cause_action", Text("落实溯源整改", "Carry out the action on the cause"))
        tx.note("record_root_cause", complaint, after={"cause": cause, "due_on": str(row.due_on), "owner": str(owner)})
        return tx.answer(
            root_cause(row, complaint), location=f"/v1/complaints/{complaint.id}", version=complaint.version
        )


async def _ask(tx: Transaction, complaint: Complaint, row: RootCause, kind: str, title: Text) -> None:
    """To the position at the branch, not to the owner: a task of a person would open the complaint to him."""
    await open_item(
        tx, kind, complaint, title, number=complaint.complaint_no, unit_code=complaint.owner_path.rpartition(".")[2],
        position="complaint_officer", due_at=at_midnight(row.due_on + timedelta(days=1)),
        href=f"/v1/complaints/{complaint.id}/root-causes/{row.id}/completions",
    )  # fmt: skip


async def complete_root_cause(
    db: Database, actor: Actor, key: RequestKey, complaint_id: UUID, root_cause_id: UUID, version: int | None,
    command: CompleteRootCause,
) -> Answer:  # fmt: skip
    """The action is done; its effect is looked at after the days of the tree."""
    async with db.transaction(actor, key) as tx:
        complaint = (await for_act(tx, complaint_id, version)).complaint
        mine = select(RootCause).where(RootCause.id == root_cause_id, RootCause.complaint_id == complaint.id)
        row = await tx.scalar(mine.with_for_update())
        if row is None:
            raise NotFound()
        tree = (await in_force(tx, "causes")).parsed(CauseTree.from_content)
        at = happened(tx, command.done_at, "#/done_at")
        row.check_on = rules.done(ActionStatus(row.status), at, row.created_at, tree.effect_check_days)
        row.done_at, row.done_note, row.status = at, command.note, str(ActionStatus.DONE)
        after = {"cause": row.cause, "check_on": str(row.check_on)}
        tx.note("complete_root_cause", complaint, before={"action": "open"}, after={"action": row.status, **after})
        return tx.answer(
            root_cause(row, complaint), location=f"/v1/complaints/{complaint.id}", version=complaint.version
        )


async def _overdue(tx: Transaction, limit: int) -> Sequence[UUID]:
    statement = select(RootCause.id).where(
        RootCause.done_at.is_(None), RootCause.due_on < legal_day(tx.now),
        unclaimed("root_cause_overdue", RootCause.id, RootCause.due_on),
    )  # fmt: skip
    return await tx.scalars(statement.order_by(RootCause.due_on, RootCause.id).limit(limit))


async def _tell_overdue(tx: Transaction, row_id: UUID) -> None:
    row = await tx.scalar(select(RootCause).where(RootCause.id == row_id).with_for_update())
    if row is None or row.done_at is not None or not await claim(tx, "root_cause_overdue", row.id, row.due_on):
        return
    complaint = await tx.scalar(select(Complaint).where(Complaint.id == row.complaint_id))
    await _ask(tx, complaint, row, "root_cause_overdue", Text("溯源整改超期", "The action on the cause is overdue"))


async def _to_check(tx: Transaction, limit: int) -> Sequence[UUID]:
    statement = select(RootCause.id).where(
        RootCause.done_at.is_not(None), RootCause.checked_at.is_(None), RootCause.check_on < legal_day(tx.now)
    )
    return await tx.scalars(statement.order_by(RootCause.check_on, RootCause.id).limit(limit))


async def _check(tx: Transaction, row_id: UUID) -> None:
    """Did it come back? Complaints of the cause and product received in the branch after the day it was done."""
    row = await tx.scalar(select(RootCause).where(RootCause.id == row_id).with_for_update())
    if row is None or row.done_at is None or row.check_on is None or row.checked_at is not None:
        return
    after_it = at_midnight(legal_day(row.done_at) + timedelta(days=1))
    again = select(func.count()).select_from(Complaint).where(
        Complaint.cause == row.cause, Complaint.received_at >= after_it,
        Complaint.received_at < at_midnight(row.check_on + timedelta(days=1)),
        path_range(Complaint.owner_path, row.owner_path), Complaint.product.is_not_distinct_from(row.product),
    )  # fmt: skip
    row.recurred, row.checked_at = int(await tx.scalar(again)), tx.now
    row.status = str(rules.effect(row.recurred))
    complaint = await tx.scalar(select(Complaint).where(Complaint.id == row.complaint_id))
    if row.status == ActionStatus.RECURRED:
        title = Text("整改后同因投诉再次发生", "The cause came back after the action")
        await _ask(tx, complaint, row, "root_cause_recurred", title)
    tx.note("check_root_cause", complaint, after={"cause": row.cause, "recurred": row.recurred, "effect": row.status})


OVERDUE = Tick("root_causes_overdue", timedelta(minutes=10), one_by_one(_overdue, _tell_overdue))
EFFECTS = Tick("root_cause_effects", timedelta(minutes=10), one_by_one(_to_check, _check))
TICKS = (OVERDUE, EFFECTS)
