"""Hand the volume to a colleague, remind of it, take it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.claims.archive import queries, rules
from services.claims.archive.handlers import file_of
from services.claims.archive.queries import RETURN_ITEM, RETURN_OVERDUE_ITEM
from services.claims.archive.rules import FileStatus
from services.claims.archive.tables import FileLoan
from services.claims.claim import queries as spine
from services.claims.claim.tables import Claim
from services.claims.lending import shapes
from services.claims.lending.queries import Reminder, reminders
from services.claims.lending.schemas import LendFile, ReturnFile
from shared.actions import Action
from shared.actor import Actor
from shared.clock import at_midnight, legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, ReferenceNotFound, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.ticks import Tick, one_by_one
from shared.ticks import claim as take
from shared.work_items import close_items, open_item


def check_lend(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether the volume is on its shelf, so that it can be lent."""
    rules.advance_file(file_of(facts).state, FileStatus.BORROWED)


def check_return(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether the volume is out, so that it can come back."""
    file = file_of(facts)
    if file.state is not FileStatus.BORROWED:
        rules.advance_file(file.state, file.state)


ACTIONS = (
    Action("lend_file", "POST", "/v1/claims/{id}/file/loans", "claims.file.lend", check_lend),
    Action("return_file", "POST", "/v1/claims/{id}/file/returns", "claims.file.return", check_return),
)


async def lend_file(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: LendFile, state: Any
) -> Answer:
    """Hand the volume to a colleague until a day; a work item reminds of it."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        facts = await spine.facts_of(tx, claim, state)
        check_lend(actor, facts)
        if command.due_on < legal_day(tx.now):
            words = Text("归还日期早于今天。", "The day of return has passed.")
            raise ValidationFailed(Fault("day_passed", words, pointer="#/due_on"))
        if command.borrower_person_id != actor.person_id and not await queries.is_staff(tx, command.borrower_person_id):
            words = Text("没有该人员。", "There is no such person.")
            raise ReferenceNotFound(Fault(ReferenceNotFound.code, words, pointer="#/borrower_person_id"))
        file = file_of(facts)
        file.status = str(rules.advance_file(file.state, FileStatus.BORROWED))
        row = FileLoan(
            id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path, lent_by=actor.person_id,
            **command.model_dump(),
        )  # fmt: skip
        tx.add(row)
        await open_item(
            tx, RETURN_ITEM, claim, Text("收回借出的案卷", "Take back the file"), number=file.volume_no,
            unit_code=claim.unit_code, position="archivist", href=f"/v1/claims/{claim.id}/file/returns",
            due_at=at_midnight(command.due_on + timedelta(days=1)),
        )  # fmt: skip
        after = {"file_status": file.status, "borrower": command.borrower_person_id, "due_on": command.due_on}
        tx.note("lend_file", claim, after=after, reason=command.purpose)
        out = shapes.loan(row, file, claim)
        return tx.answer(out, location=f"/v1/claims/{claim.id}/file/manifest", version=claim.version)


async def return_file(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: ReturnFile, state: Any
) -> Answer:
    """The volume is back on its shelf."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        facts = await spine.facts_of(tx, claim, state)
        check_return(actor, facts)
        file = file_of(facts)
        row = next(one for one in await queries.loans_of(tx, claim.id) if one.returned_at is None)
        file.status = str(rules.advance_file(file.state, FileStatus.ARCHIVED))
        row.returned_at, row.returned_by, row.condition = tx.now, actor.person_id, command.condition
        await close_items(tx, claim.id, RETURN_ITEM, RETURN_OVERDUE_ITEM)
        tx.note("return_file", claim, after={"file_status": file.status, "condition": row.condition})
        out = shapes.loan(row, file, claim)
        return tx.answer(out, location=f"/v1/claims/{claim.id}/file/manifest", version=claim.version)


async def remind(tx: Transaction, due: Reminder) -> None:
    """On the day itself whoever has the volume; on the day after the head of the unit, once each."""
    if not await take(tx, "loan_watch", due.loan_id, due.due_on, due.stage):
        return
    record = await tx.find(Claim, due.claim_id, lock=True)
    file = await queries.file_of(tx, record.id)
    if file is None or file.state is not FileStatus.BORROWED:
        return
    known: dict[str, Any] = {
        "number": file.volume_no, "unit_code": record.unit_code, "href": f"/v1/claims/{record.id}/file/manifest",
        "method": "GET", "due_at": at_midnight(due.due_on + timedelta(days=1)), "priority": "high",
    }  # fmt: skip
    if due.stage == "due":
        words = Text("今日应归还案卷", "The file is to be brought back today")
        await open_item(tx, RETURN_OVERDUE_ITEM, record, words, person_id=due.borrower_person_id, **known)
    else:
        words = Text("借出的案卷逾期未还", "The file was not brought back in time")
        await open_item(tx, RETURN_OVERDUE_ITEM, record, words, position="department_head", **known)
        tx.note("file_not_returned", record, after={"volume_no": file.volume_no, "due_on": due.due_on})


TICKS = (Tick("loan_watch", timedelta(minutes=10), one_by_one(reminders, remind)),)
