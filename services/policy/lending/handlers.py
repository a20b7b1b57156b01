"""Hand a volume to a colleague, remind of it, take it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.policy.archive import queries as archive
from services.policy.archive import rules, shapes
from services.policy.archive.handlers import follow_volume
from services.policy.archive.queries import VolumeFacts
from services.policy.archive.rules import VolumeStatus
from services.policy.archive.tables import ArchiveVolume, VolumeLoan
from services.policy.lending import queries
from services.policy.lending.queries import Reminder
from services.policy.lending.schemas import LendVolume, ReturnVolume
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.clock import at_midnight, legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, ReferenceNotFound, StateConflict, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.ticks import Tick, one_by_one
from shared.ticks import claim as take
from shared.work_items import close_items, open_item

RETURN_ITEM, OVERDUE_ITEM = "return_volume", "return_volume_overdue"


def check_lend(_actor: Actor, facts: VolumeFacts) -> None:
    """Whether the volume is on its shelf, so that it can be lent."""
    rules.advance(facts.volume.state, VolumeStatus.BORROWED)


def check_return(_actor: Actor, facts: VolumeFacts) -> None:
    """Whether the volume is out, so that it can come back."""
    if facts.volume.state is not VolumeStatus.BORROWED:
        raise StateConflict(current_state=facts.volume.status, legal_moves=[str(VolumeStatus.ARCHIVED)])


ACTIONS = (
    Action("lend", "POST", "/v1/archive-volumes/{id}/loans", "policy.archive_volume.lend", check_lend),
    Action("return", "POST", "/v1/archive-volumes/{id}/returns", "policy.archive_volume.return", check_return),
)


async def lend_volume(
    db: Database, actor: Actor, key: RequestKey, volume_id: UUID, version: int | None, command: LendVolume
) -> Answer:
    """Hand the volume to a colleague until a day; a work item reminds of it."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(ArchiveVolume, volume_id, version)
        check_lend(actor, await archive.facts_of(tx, row))
        if command.due_on < legal_day(tx.now):
            words = Text("归还日期早于今天。", "The day of return has passed.")
            raise ValidationFailed(Fault("day_passed", words, pointer="#/due_on"))
        borrower = command.borrower_person_id
        if borrower != actor.person_id and not await directory.staff_numbers(tx, [borrower]):
            raise ReferenceNotFound.at("#/borrower_person_id")
        before, row.status = {"status": row.status}, str(VolumeStatus.BORROWED)
        tx.add(VolumeLoan(volume_id=row.id, org_path=row.org_path, lent_by=actor.person_id, **command.model_dump()))
        await follow_volume(tx, row)
        await open_item(
            tx, RETURN_ITEM, row, Text("收回借出的案卷", "Take back the volume"), number=row.volume_no,
            unit_code=row.unit_code, position="document_custodian", href=f"/v1/archive-volumes/{row.id}/returns",
            due_at=at_midnight(command.due_on + timedelta(days=1)),
        )  # fmt: skip
        after = {"status": row.status, "borrower": borrower, "due_on": command.due_on}
        tx.note("lend", row, before=before, after=after, reason=command.purpose)
        out = shapes.volume(await archive.facts_of(tx, row))
        return tx.answer(out, location=f"/v1/archive-volumes/{row.id}", version=row.version)


async def return_volume(
    db: Database, actor: Actor, key: RequestKey, volume_id: UUID, version: int | None, command: ReturnVolume
) -> Answer:
    """The volume is back on its shelf."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(ArchiveVolume, volume_id, version)
        check_return(actor, await archive.facts_of(tx, row))
        loan = await queries.open_loan(tx, row.id)
        if loan is None:
            raise LookupError(f"volume {row.id} is out without a loan")
        before, row.status = {"status": row.status}, str(VolumeStatus.ARCHIVED)
        loan.returned_at, loan.returned_by, loan.condition = tx.now, actor.person_id, command.condition
        await follow_volume(tx, row)
        await close_items(tx, row.id, RETURN_ITEM, OVERDUE_ITEM)
        tx.note("return", row, before=before, after={"status": row.status, "condition": loan.condition})
        out = shapes.volume(await archive.facts_of(tx, row))
        return tx.answer(out, location=f"/v1/archive-volumes/{row.id}", version=row.version)


async def remind(tx: Transaction, due: Reminder) -> None:
    """On the day itself whoever has the volume; on the day after the head of the unit, once each."""
    if not await take(tx, "volume_loan_watch", due.loan_id, due.due_on, due.stage):
        return
    row = await tx.find(ArchiveVolume, due.volume_id, lock=True)
    if row.state is not VolumeStatus.BORROWED:
        return
    known: dict[str, Any] = {
        "number": row.volume_no, "unit_code": row.unit_code, "href": f"/v1/archive-volumes/{row.id}",
        "method": "GET", "due_at": at_midnight(due.due_on + timedelta(days=1)), "priority": "high",
    }  # fmt: skip
    if due.stage == "due":
        words = Text("今日应归还案卷", "The volume is to be brought back today")
        await open_item(tx, OVERDUE_ITEM, row, words, person_id=due.borrower_person_id, **known)
    else:
        words = Text("借出的案卷逾期未还", "The volume was not brought back in time")
        await open_item(tx, OVERDUE_ITEM, row, words, position="department_head", **known)
        tx.note("volume_not_returned", row, after={"volume_no": row.volume_no, "due_on": due.due_on})


TICKS = (Tick("volume_loan_watch", timedelta(minutes=10), one_by_one(queries.reminders, remind)),)
