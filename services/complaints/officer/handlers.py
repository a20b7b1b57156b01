"""Naming an officer of a branch, and ending his time."""

from __future__ import annotations

from uuid import UUID

from services.complaints.officer import queries, rules
from services.complaints.officer.schemas import EndOfficer, NameOfficer, OfficerItem
from services.complaints.officer.tables import ComplaintOfficer
from shared import directory
from shared.actor import Actor
from shared.authority import covers
from shared.clock import legal_day
from shared.database import Database
from shared.errors import ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7


async def name_officer(db: Database, actor: Actor, key: RequestKey, command: NameOfficer) -> Answer:
    """Say who is officer of a unit, full-time or deputy, from a day on."""
    async with db.transaction(actor, key) as tx:
        unit = await directory.unit_by_code(tx, command.unit_code)
        if unit is None or not covers(unit.path, actor.scope):
            raise ReferenceNotFound.at("#/unit_code")
        person = await directory.person_of_staff_no(tx, command.staff_no)
        if person is None:
            raise ReferenceNotFound.at("#/staff_no")
        held = [(one["unit_code"], one["position"]) for one in await directory.appointments(tx, person_id=person)]
        await queries.hold(tx, unit.code)
        term = rules.Term(person, command.duty, command.from_on, command.to_on)
        rules.check_naming(term, unit.level, held, unit.code, await queries.terms_of(tx, unit.code))
        row = ComplaintOfficer(
            id=uuid7(), version=1, org_path=unit.path, unit_code=unit.code, person_id=person,
            staff_no=command.staff_no, duty=str(command.duty), from_on=command.from_on, to_on=command.to_on,
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        tx.note("name", row, after=_told(row))
        out = OfficerItem.model_validate(row)
        return tx.answer(out, location=f"/v1/complaint-officers/{row.id}", version=row.version)


async def end_officer(
    db: Database, actor: Actor, key: RequestKey, officer_id: UUID, version: int | None, command: EndOfficer
) -> Answer:
    """Say from which day on he is it no longer; a full-time officer has a successor by then."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(ComplaintOfficer, officer_id, version)
        await queries.hold(tx, row.unit_code)
        facts, before = await queries.facts_of(tx, row), _told(row)
        rules.refuse_ended(facts.term, facts.today)
        rules.check_end(facts.term, command.to_on, legal_day(tx.now), facts.others)
        row.to_on = command.to_on
        tx.note("end", row, before=before, after=_told(row), reason=command.reason)
        out = OfficerItem.model_validate(row)
        return tx.answer(out, location=f"/v1/complaint-officers/{row.id}", version=row.version)


def _told(row: ComplaintOfficer) -> dict[str, str | None]:
    to_on = None if row.to_on is None else str(row.to_on)
    return {"person_id": str(row.person_id), "duty": row.duty, "from_on": str(row.from_on), "to_on": to_on}
