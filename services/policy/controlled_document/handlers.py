"""Register, move, void and count controlled documents; appoint who keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import update

from services.policy.controlled_document import queries, rules, shapes
from services.policy.controlled_document.rules import DocumentStatus, Held, MovementAction, Range
from services.policy.controlled_document.schemas import (
    AppointCustodian,
    CountDocuments,
    CustodianOut,
    MoveRange,
    RegisterRange,
    VoidDocument,
)
from services.policy.controlled_document.tables import ControlledDocument, Custodian, DocumentCount, DocumentMovement
from shared import directory
from shared.actor import Actor
from shared.authority import covers
from shared.clock import at_midnight, legal_day
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.numbers import branch_of
from shared.ticks import Tick, claim, one_by_one
from shared.work_items import close_items, open_item

COUNT_ITEM, DIFFERENCE_ITEM = "count_documents", "count_differences"


async def appoint(db: Database, actor: Actor, key: RequestKey, command: AppointCustodian) -> Answer:
    """Name who keeps the documents of a unit from a day on; the predecessor ends the day before."""
    async with db.transaction(actor, key) as tx:
        unit = await directory.unit_by_code(tx, command.unit_code)
        if unit is None or not covers(unit.path, actor.scope):
            raise ReferenceNotFound.at("#/unit_code")
        person = await directory.person_of_staff_no(tx, command.staff_no)
        held = [] if person is None else await directory.appointments(tx, person_id=person)
        if person is None or not held:
            raise ReferenceNotFound.at("#/staff_no")
        former = await queries.open_term(tx, command.unit_code)
        positions = {one["position"] for one in held}
        rules.may_appoint(former and former.person_id, command.ends_predecessor, positions)
        if former is not None:
            former.to_on = max(command.from_on - timedelta(days=1), former.from_on)
            former.version, former.updated_at = former.version + 1, tx.now
            await tx.flush()
        row = Custodian(
            id=uuid7(), version=1, org_path=unit.path, unit_code=command.unit_code, person_id=person,
            staff_no=command.staff_no, from_on=command.from_on,
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        tx.note("appoint", row, after={"unit_code": row.unit_code, "person_id": person, "from_on": row.from_on})
        return tx.answer(CustodianOut.model_validate(row), location="/v1/custodians")


async def register(db: Database, actor: Actor, key: RequestKey, command: RegisterRange) -> Answer:
    """Take a range into the stock of the unit; the series goes on without gap."""
    async with db.transaction(actor, key) as tx:
        unit = await directory.unit_by_code(tx, command.unit_code)
        if unit is None or not covers(unit.path, actor.scope):
            raise ReferenceNotFound.at("#/unit_code")
        await _only_custodian(tx, command.unit_code)
        given = Range(command.kind, command.prefix, command.first, command.last)
        rules.check_range(given, await queries.longest_range(tx))
        rules.may_register(given, await queries.highest(tx, given.kind, given.prefix))
        documents = [
            ControlledDocument(
                id=uuid7(), version=1, org_path=unit.path, kind=given.kind, prefix=given.prefix, number=n,
                serial=rules.serial(given.prefix, n), unit_code=command.unit_code, copies=command.copies,
                status=str(DocumentStatus.IN_STOCK),
            )
            for n in range(given.first, given.last + 1)
        ]  # fmt: skip
        tx.add_all(documents)
        row = _movement(tx, given, MovementAction.REGISTER, unit.path, to_unit=command.unit_code)
        tx.note("register", documents[0], after={"first": given.first, "last": given.last, "prefix": given.prefix})
        return tx.answer(shapes.movement(row, "in_stock"), location="/v1/controlled-documents")


def _movement(tx: Transaction, given: Range, action: MovementAction, path: str, **more: Any) -> DocumentMovement:
    row = DocumentMovement(
        id=uuid7(), org_path=path, created_at=tx.now, kind=given.kind, prefix=given.prefix, first_number=given.first,
        last_number=given.last, action=str(action), person_id=tx.actor.person_id, **more,
    )  # fmt: skip
    tx.add(row)
    return row


async def _only_custodian(tx: Transaction, unit_code: str) -> None:
    keeper = await queries.in_office(tx, unit_code, legal_day(tx.now))
    if keeper is None or keeper.person_id != tx.actor.person_id:
        raise rules.NotTheCustodian()


async def _taken(tx: Transaction, given: Range, action: MovementAction, unit_code: str) -> tuple[Any, str]:
    """The documents of a range, locked, and what they become; refused as the rules say."""
    rules.check_range(given, await queries.longest_range(tx))
    documents = await queries.of_range(tx, given)
    held = [Held(one.number, one.state, one.unit_code, one.copies) for one in documents]
    lowest = await queries.lowest_held(tx, given, unit_code)
    status = rules.move(action, given, held, unit_code, lowest)
    await _only_custodian(tx, unit_code)
    return documents, status


async def move(db: Database, actor: Actor, key: RequestKey, command: MoveRange) -> Answer:
    """Hand out, take back, transfer, use or lose a range of the own unit."""
    async with db.transaction(actor, key) as tx:
        action = MovementAction(command.action)
        rules.check_movement(
            action, to_unit=command.to_unit_code, to_person=command.to_person_id is not None,
            used_for=command.used_for, reason=command.reason,
        )  # fmt: skip
        given = Range(command.kind, command.prefix, command.first, command.last)
        documents, status = await _taken(tx, given, action, actor.unit_code)
        place, path = await _place(tx, action, command, documents[0].org_path)
        holder, former = await _holder(tx, action, command), documents[0].holder_person_id
        row = _movement(
            tx, given, action, documents[0].org_path, from_unit=actor.unit_code, to_unit=place,
            from_person_id=former, to_person_id=holder, used_for=command.used_for, reason=command.reason,
        )  # fmt: skip
        after = {"status": status, "first": given.first, "last": given.last, "prefix": given.prefix}
        tx.note(command.action, documents[0], after=after, reason=command.reason)
        told = {"status": status, "unit_code": place, "org_path": path, "holder_person_id": holder}
        if action is MovementAction.USE:
            told |= {"used_for": command.used_for, "used_at": tx.now, "holder_person_id": former}
        await _write(tx, documents, told, wider=path != documents[0].org_path)
        return tx.answer(shapes.movement(row, status), location="/v1/controlled-documents")


async def _place(tx: Transaction, action: MovementAction, command: MoveRange, path: str) -> tuple[str, str]:
    """Unit and path after the movement. Refuses (422) a unit of another branch."""
    if action is not MovementAction.TRANSFER:
        return tx.actor.unit_code, path
    unit = await directory.unit_by_code(tx, command.to_unit_code or "")
    if unit is None or branch_of(unit.path) != branch_of(path):
        raise ReferenceNotFound.at("#/to_unit_code")
    return unit.code, unit.path


async def _holder(tx: Transaction, action: MovementAction, command: MoveRange) -> UUID | None:
    """Who has the documents then. Refuses (422) somebody who has no appointment at the unit."""
    if action is not MovementAction.HAND_OUT or command.to_person_id is None:
        return None
    held = await directory.appointments(tx, person_id=command.to_person_id, unit_code=tx.actor.unit_code)
    if not held and command.to_person_id != tx.actor.person_id:
        raise ReferenceNotFound.at("#/to_person_id")
    return command.to_person_id


async def _write(
    tx: Transaction, documents: Sequence[ControlledDocument], told: dict[str, Any], *, wider: bool
) -> None:
    """Write all documents of a range at once; into another unit with the scope of the branch."""
    if wider:
        await tx.use_scope(".".join(documents[0].org_path.split(".")[:2]))
    ids = [one.id for one in documents]
    row = ControlledDocument
    written = update(row).where(row.id.in_(ids)).values(**told, version=row.version + 1, updated_at=tx.now)
    await tx.execute(written.execution_options(synchronize_session=False))


async def void(db: Database, actor: Actor, key: RequestKey, command: VoidDocument) -> Answer:
    """Void one document with all its copies."""
    async with db.transaction(actor, key) as tx:
        given = Range(command.kind, command.prefix, command.number, command.number)
        documents, status = await _taken(tx, given, MovementAction.VOID, actor.unit_code)
        one = documents[0]
        rules.check_void(
            Held(one.number, one.state, one.unit_code, one.copies), command.copies_returned, command.reason
        )
        row = _movement(
            tx, given, MovementAction.VOID, one.org_path, from_unit=actor.unit_code, to_unit=actor.unit_code,
            from_person_id=one.holder_person_id, reason=command.reason,
        )  # fmt: skip
        before = {"status": one.status}
        tx.note("void", one, before=before, after={"status": status, "serial": one.serial}, reason=command.reason)
        await _write(tx, documents, {"status": status, "holder_person_id": None}, wider=False)
        return tx.answer(shapes.movement(row, status), location="/v1/controlled-documents")


async def count(db: Database, actor: Actor, key: RequestKey, command: CountDocuments) -> Answer:
    """Keep the count of a month with its differences; without any, what was used, voided or lost is settled."""
    async with db.transaction(actor, key) as tx:
        await _only_custodian(tx, actor.unit_code)
        keeper = await queries.in_office(tx, actor.unit_code, legal_day(tx.now))
        if keeper is None or await queries.count_of(tx, actor.unit_code, command.month) is not None:
            raise rules.CountedAlready(month=command.month)
        counted = [one.model_dump(mode="json") for one in command.counted]
        expected = rules.expected_counts(await queries.stock(tx, actor.unit_code))
        differences = rules.count_differences(expected, counted)
        rules.check_count(command.month, legal_day(tx.now), differences, command.explanation)
        row = DocumentCount(
            id=uuid7(), version=1, org_path=keeper.org_path, unit_code=actor.unit_code, month=command.month,
            counted=counted, expected=expected, differences=differences, explanation=command.explanation,
            person_id=actor.person_id,
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        await close_items(tx, keeper.id, COUNT_ITEM)
        settled = 0 if differences else await _reconcile(tx, actor.unit_code)
        if differences:
            await _tell_differences(tx, row)
        tx.note("count", row, after={"month": row.month, "differences": len(differences)}, reason=command.explanation)
        return tx.answer(shapes.count(row, settled), location="/v1/controlled-documents")


async def _reconcile(tx: Transaction, unit_code: str) -> int:
    documents = await queries.to_reconcile(tx, unit_code)
    for (kind, prefix), some in groupby(documents, lambda one: (one.kind, one.prefix)):
        for one in some:
            given = Range(kind, prefix, one.number, one.number)
            _movement(tx, given, MovementAction.RECONCILE, one.org_path, from_unit=unit_code, to_unit=unit_code)
    if documents:
        await _write(tx, documents, {"status": str(DocumentStatus.RECONCILED)}, wider=False)
    return len(documents)


async def _tell_differences(tx: Transaction, row: DocumentCount) -> None:
    await open_item(
        tx, DIFFERENCE_ITEM, row, Text("单证盘点账实不符", "The count of documents shows differences"),
        number=row.month, unit_code=row.unit_code, position="department_head", href="/v1/controlled-documents",
        method="GET", priority="high",
    )  # fmt: skip


async def _ask_count(tx: Transaction, due: tuple[UUID, date]) -> None:
    """Ask the custodian for the count of the month that is over, once."""
    if not await claim(tx, "document_count", *due):
        return
    keeper = await tx.find(Custodian, due[0])
    await open_item(
        tx, COUNT_ITEM, keeper, Text("月末盘点重要单证", "Count the controlled documents of the month"),
        number=f"{due[1]:%Y-%m}", unit_code=keeper.unit_code, person_id=keeper.person_id,
        href="/v1/controlled-documents/counts", due_at=at_midnight(due[1] + timedelta(days=6)),
    )  # fmt: skip


TICKS = (Tick("document_counts", timedelta(hours=1), one_by_one(queries.uncounted, _ask_count)),)
