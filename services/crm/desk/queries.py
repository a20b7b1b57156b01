"""Reading desks: the list, one unit's, its people, its hours."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, text

from services.crm.desk.tables import Desk, DeskPerson
from shared import directory
from shared.calendar import WorkingWindow, working_windows
from shared.database import Transaction
from shared.pagination import Listing
from shared.rule_sets import in_force

DESKS = Listing(model=Desk, search=(Desk.unit_code,), sorts={"unit_code": Desk.unit_code}, default_sort="unit_code")


_LOCK = text("select pg_advisory_xact_lock(hashtextextended('crm.desk.' || :unit_code, 0))")


async def hold(tx: Transaction, unit_code: str) -> None:
    """Wait until nobody else is staffing this desk, which may not be there yet."""
    await tx.execute(_LOCK, {"unit_code": unit_code})


async def desk_of(tx: Transaction, unit_code: str) -> Desk | None:
    """The desk of a unit within the row scope."""
    return await tx.scalar(select(Desk).where(Desk.unit_code == unit_code))


async def people_of(tx: Transaction, desk_ids: Sequence[UUID]) -> dict[UUID, list[DeskPerson]]:
    """The people of these desks, each in its order."""
    found: dict[UUID, list[DeskPerson]] = {}
    statement = select(DeskPerson).where(DeskPerson.desk_id.in_(desk_ids))
    for row in await tx.scalars(statement.order_by(DeskPerson.place)):
        found.setdefault(row.desk_id, []).append(row)
    return found


async def on_duty(tx: Transaction, unit_code: str) -> list[UUID]:
    """Persons of the unit's desk who hold a post there today, in the order in which they are asked.

    Whose unit it is makes no difference: a desk is no secret to those who pass work on.
    """
    scope = tx.scope
    await tx.use_scope("00")
    desk = await desk_of(tx, unit_code)
    people = [] if desk is None else (await people_of(tx, [desk.id])).get(desk.id, [])
    await tx.use_scope(scope)
    posted = {row["person_id"] for row in await directory.appointments(tx, unit_code=unit_code)}
    return [one.person_id for one in people if one.person_id in posted]


async def hours_of(tx: Transaction, unit_code: str) -> tuple[WorkingWindow, ...]:
    """The hours of the unit's desk; where it has none, those of the rule set."""
    scope = tx.scope
    await tx.use_scope("00")
    desk = await desk_of(tx, unit_code)
    await tx.use_scope(scope)
    stated = desk.hours if desk is not None else (await in_force(tx, "enquiries")).content["hours"]
    return working_windows(stated)
