"""Passing an enquiry on: who heard it first stays its owner, the clock runs on, and it happens twice at most."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update

from services.crm.desk.queries import on_duty
from services.crm.desk.rules import POSITIONS, refuse_without_desk
from services.crm.enquiry import rules
from services.crm.enquiry.handlers import ask_handler, check_open, for_act, record
from services.crm.enquiry.queries import EnquiryFacts
from services.crm.enquiry.rules.refusals import NotTransferred, TransferOutsideBranch
from services.crm.enquiry.tables import Enquiry
from services.crm.transfer.schemas import TransferEnquiry
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.assignees import refuse_without_post
from shared.authority import Unit
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.numbers import branch_of
from shared.work_items import work_items


def check_transfer(actor: Actor, facts: EnquiryFacts) -> None:
    """Whether this caller may pass it on: still open, and not once too often without the branch."""
    check_open(actor, facts)
    consents = actor.level in ("branch", "head_office")
    rules.may_transfer(facts.enquiry.transfer_count, facts.figures, consents)


async def transfer_enquiry(
    db: Database, actor: Actor, key: RequestKey, enquiry_id: UUID, version: int | None, command: TransferEnquiry
) -> Answer:
    """Give the enquiry to another unit or person of the branch."""
    async with db.transaction(actor, key) as tx:
        facts = await for_act(tx, enquiry_id, version)
        reason = rules.check_transfer_reason(command.reason)
        check_transfer(actor, facts)
        enquiry, before = facts.enquiry, facts.enquiry.status
        unit = await _unit(tx, enquiry, command.to_unit_code)
        people = await on_duty(tx, unit.code)
        refuse_without_desk(unit.code, people)
        handler = people[0]
        if command.to_staff_no is not None:
            handler = await _person(tx, command.to_staff_no, unit)
        if (unit.code, handler) == (enquiry.unit_code, enquiry.handler_id):
            raise NotTransferred()
        told = {"from_unit_code": enquiry.unit_code, "to_unit_code": unit.code, "reason": reason}
        await _move(tx, enquiry, unit, handler)
        return await record(tx, enquiry, "transfer", told | {"to_person_id": str(handler)}, before=before)


async def _unit(tx: Transaction, enquiry: Enquiry, code: str) -> Unit:
    unit = await directory.unit_by_code(tx, code)
    if unit is None:
        raise ReferenceNotFound.at("#/to_unit_code")
    if branch_of(unit.path) != branch_of(enquiry.org_path) and tx.actor.level != "head_office":
        raise TransferOutsideBranch()
    return unit


async def _person(tx: Transaction, staff_no: str, unit: Unit) -> UUID:
    person = await directory.person_of_staff_no(tx, staff_no)
    if person is None:
        raise ReferenceNotFound.at("#/to_staff_no")
    await refuse_without_post(tx, person, POSITIONS, unit.path)
    return person


async def _move(tx: Transaction, enquiry: Enquiry, unit: Unit, handler: UUID) -> None:
    # the unit may lie outside the caller's scope; the rules have allowed it
    await tx.use_scope("00")
    enquiry.org_path, enquiry.unit_code, enquiry.handler_id = unit.path, unit.code, handler
    enquiry.transfer_count += 1
    await tx.flush()
    items = work_items.c
    mine = update(work_items).where(items.record_id == enquiry.id, items.closed_at.is_(None))
    await tx.execute(mine.values(org_path=unit.path))
    await ask_handler(tx, enquiry)


ACTIONS: tuple[Action[EnquiryFacts], ...] = (
    Action("transfer", "POST", "/v1/enquiries/{id}/transfers", "crm.enquiry.transfer", check_transfer),
)
