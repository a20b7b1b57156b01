"""Staffing a desk."""

from __future__ import annotations

from sqlalchemy import delete

from services.crm.desk import queries, rules
from services.crm.desk.schemas import StaffDesk
from services.crm.desk.tables import Desk, DeskPerson
from shared import directory
from shared.assignees import refuse_without_post
from shared.authority import covers
from shared.concurrency import expected_version
from shared.database import Transaction
from shared.errors import NotFound, ReferenceNotFound
from shared.ids import uuid7


async def staff_desk(tx: Transaction, unit_code: str, if_match: str | None, command: StaffDesk) -> Desk:
    """Say who takes enquiries at a unit and when; a desk that is there already needs the version seen."""
    unit = await directory.unit_by_code(tx, unit_code)
    if unit is None or unit.code != unit_code or not covers(unit.path, tx.actor.scope):
        raise NotFound()
    rules.check_desk([one.staff_no for one in command.people], command.hours)
    await queries.hold(tx, unit_code)
    desk = await queries.desk_of(tx, unit_code)
    if desk is not None:
        desk = await tx.find_for_change(Desk, desk.id, expected_version(if_match))
    else:
        desk = Desk(id=uuid7(), version=1, org_path=unit.path, unit_code=unit_code, hours=[])
        tx.add(desk)
    before = desk.hours
    desk.hours, desk.phone = command.hours, command.phone
    await tx.flush()
    await tx.execute(delete(DeskPerson).where(DeskPerson.desk_id == desk.id))
    for n, one in enumerate(command.people):
        person = await directory.person_of_staff_no(tx, one.staff_no)
        if person is None:
            raise ReferenceNotFound.at(f"#/people/{n}/staff_no")
        await refuse_without_post(tx, person, rules.POSITIONS, unit.path)
        tx.add(
            DeskPerson(
                id=uuid7(), desk_id=desk.id, org_path=desk.org_path, person_id=person, staff_no=one.staff_no,
                full_time=one.full_time, place=n,
            )
        )  # fmt: skip
    await tx.flush()
    after = {"hours": desk.hours, "people": [one.staff_no for one in command.people]}
    tx.note("staff", desk, before={"hours": before}, after=after)
    return desk
