"""What a change of the tree does on its day, for the request of that day and for the tick alike.

Every unit whose place changes is told in an event of its own, with its path before and after; what lies at it here
follows in the same transaction or with the next pass, and in the services when they hear of it. All want the lock of
the tree and scope `00`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, func, or_, select, update

from gateway.organisation import rules as organisation
from gateway.organisation import shapes
from gateway.organisation.handlers import announce
from gateway.organisation.queries import holds_on, teams_of, today
from gateway.organisation.tables import Appointment, Person, Team, UnitArea, UnitPlace, UnitRow
from gateway.structure import queries
from shared.database import Transaction
from shared.ids import uuid7
from shared.unit_moves import follow, remember


async def move(tx: Transaction, unit: UnitRow, parent: UnitRow, day: date) -> None:
    """The unit and all below it stand below `parent` from `day`."""
    unit.parent_code = parent.code
    await _relocate(tx, unit, f"{parent.org_path}.{unit.code}", day)
    await _settle(tx)


async def _settle(tx: Transaction) -> None:
    """Rows of the gateway follow; every caller is asked for anew."""
    await tx.flush()
    await follow(tx)
    await announce(tx, None)


async def _relocate(tx: Transaction, unit: UnitRow, path: str, day: date) -> None:
    before = unit.org_path
    for row in await queries.subtree(tx, before, lock=True):
        former, row.org_path = row.org_path, path + row.org_path.removeprefix(before)
        if row.id != unit.id:
            row.version, row.updated_at = row.version + 1, tx.now
        await tx.flush()
        await place(tx, row, day)
        await remember(tx, former, code=row.code, unit_code=row.code, path=row.org_path)
        if row.merged_into is not None:
            left = await _left_of(tx, row)
            await remember(tx, row.org_path, code=row.code, unit_code=left.code, path=left.org_path)
        await tell(tx, row, day, path_before=former)


async def _left_of(tx: Transaction, row: UnitRow) -> UnitRow:
    """The unit that remains of a merged one."""
    while row.merged_into is not None:
        row = (await tx.scalars(select(UnitRow).where(UnitRow.code == row.merged_into)))[0]
    return row


async def tell(tx: Transaction, unit: UnitRow, day: date, *, path_before: str | None = None) -> None:
    """The event of the unit as it is now."""
    teams = await teams_of(tx, unit.id)
    tx.publish(shapes.unit_changed(unit, teams, effective_on=day, path_before=path_before), unit)


async def place(tx: Transaction, unit: UnitRow, day: date) -> None:
    """Where the unit stands and what it is called from `day`; what was before stays as it was."""
    current = select(UnitPlace).where(UnitPlace.unit_id == unit.id, UnitPlace.to_on.is_(None))
    held = await tx.scalar(current)
    if held is None:
        return
    if held.from_on < day:
        held.to_on = day
        held = UnitPlace(
            id=uuid7(), org_path=unit.org_path, unit_id=unit.id, code=unit.code, level=unit.level, kind=unit.kind,
            from_on=day, to_on=None,
        )  # fmt: skip
    held.name, held.parent_code, held.path = unit.name, unit.parent_code, unit.org_path
    tx.add(held)
    await tx.flush()


async def change(tx: Transaction, unit: UnitRow, name: str | None, areas: Sequence[str] | None, day: date) -> None:
    """Another name, other areas; the areas were booked when the change was asked for."""
    unit.name = name or unit.name
    if areas is not None:
        unit.area_codes = list(areas)
    await tx.flush()
    if name is not None:
        await place(tx, unit, day)
    await tell(tx, unit, day)
    await announce(tx, None)


async def book_areas(tx: Transaction, unit: UnitRow, wanted: Sequence[str], day: date) -> None:
    """The unit has exactly the areas `wanted` from `day`."""
    after = (UnitArea.unit_id == unit.id, or_(UnitArea.to_on.is_(None), UnitArea.to_on > day))
    kept = set(await tx.scalars(select(UnitArea.area_code).where(*after, UnitArea.area_code.in_(list(wanted)))))
    gone = (*after, UnitArea.area_code.not_in(list(wanted)))
    await tx.execute(delete(UnitArea).where(*gone, UnitArea.from_on >= day))
    await tx.execute(update(UnitArea).where(*gone).values(to_on=day))
    for area in dict.fromkeys(one for one in wanted if one not in kept):
        tx.add(UnitArea(id=uuid7(), org_path=unit.org_path, unit_id=unit.id, area_code=area, from_on=day, to_on=None))
    await tx.flush()


async def free_areas(tx: Transaction, unit: UnitRow, day: date) -> None:
    """Take a booking of `book_areas` back: what ended with `day` goes on, what began with it does not."""
    mine = UnitArea.unit_id == unit.id
    await tx.execute(delete(UnitArea).where(mine, UnitArea.from_on == day))
    await tx.execute(update(UnitArea).where(mine, UnitArea.to_on == day).values(to_on=None))


async def close(tx: Transaction, unit: UnitRow, day: date, *, merged_into: str | None = None) -> None:
    """The unit no longer works from `day`: its areas and teams end with it."""
    await book_areas(tx, unit, [], day)
    unit.closed_on, unit.area_codes, unit.merged_into = day, [], merged_into
    lasting = or_(Team.to_on.is_(None), Team.to_on > day)
    ends = func.greatest(Team.from_on, day)
    await tx.execute(update(Team).where(Team.unit_id == unit.id, lasting).values(to_on=ends, version=Team.version + 1))
    standing = (UnitPlace.unit_id == unit.id, UnitPlace.to_on.is_(None))
    await tx.execute(delete(UnitPlace).where(*standing, UnitPlace.from_on >= day))
    await tx.execute(update(UnitPlace).where(*standing).values(to_on=day))
    await tx.flush()
    await tell(tx, unit, day)
    await announce(tx, None)


async def merge(tx: Transaction, unit: UnitRow, into: UnitRow, day: date) -> None:
    """`into` goes on with the areas, teams, people and units of `unit`; its records follow."""
    for child in await queries.open_children(tx, unit.code, day):
        twin = await _own_unit(tx, into, day) if child.kind == "branch_local" else None
        child.version, child.updated_at = child.version + 1, tx.now
        if twin is not None:
            twin.version, twin.updated_at = twin.version + 1, tx.now
            await merge(tx, child, twin, day)
        else:
            child.parent_code = into.code
            await _relocate(tx, child, f"{into.org_path}.{child.code}", day)
    await tx.flush()
    teams = update(Team).where(Team.unit_id == unit.id)
    await tx.execute(teams.values(unit_id=into.id, unit_code=into.code, version=Team.version + 1))
    await _take_people(tx, unit, into, day)
    areas = [*into.area_codes, *(one for one in unit.area_codes if one not in into.area_codes)]
    await close(tx, unit, day, merged_into=into.code)
    await book_areas(tx, into, areas, day)
    into.area_codes = areas
    await remember(tx, unit.org_path, code=unit.code, unit_code=into.code, path=into.org_path)
    await tell(tx, into, day)
    await _settle(tx)


async def _own_unit(tx: Transaction, branch: UnitRow, day: date) -> UnitRow | None:
    return next((one for one in await queries.open_children(tx, branch.code, day) if one.kind == "branch_local"), None)


async def _take_people(tx: Transaction, unit: UnitRow, into: UnitRow, day: date) -> None:
    """Who holds something at `unit` on `day` or later holds it at `into` from then on."""
    for held, person in await queries.holding(tx, unit.org_path, day, below=False):
        ends_on = held.to_on
        if held.from_on < day:
            held.to_on, held.turn_on = day, None
        else:
            held.to_on, held.turn_on = held.from_on, None
        tx.publish(shapes.appointment_changed(held, person), held)
        await _hold_at(tx, person, into, held.position, max(held.from_on, day), ends_on)
        person.auth_epoch += 1


async def _hold_at(
    tx: Transaction, person: Person, into: UnitRow, position: str, from_on: date, to_on: date | None
) -> None:
    """The same position at the unit that remains, unless the person holds it there already."""
    mine = (Appointment.person_id == person.id, Appointment.unit_id == into.id, Appointment.position == position)
    if await tx.scalar(select(Appointment.id).where(*mine, holds_on(from_on)).limit(1)):
        return
    row = Appointment(
        id=uuid7(), org_path=into.org_path, person_id=person.id, unit_id=into.id, unit_code=into.code,
        position=position, from_on=from_on, to_on=to_on,
        turn_on=organisation.next_turn(from_on, to_on, today(tx)),
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    tx.publish(shapes.appointment_changed(row, person), row)
