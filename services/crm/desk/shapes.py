"""How a desk is shown."""

from __future__ import annotations

from collections.abc import Sequence

from services.crm.desk import queries
from services.crm.desk.schemas import DeskOut, DeskPersonOut
from services.crm.desk.tables import Desk
from shared.database import Transaction


async def items(tx: Transaction, desks: Sequence[Desk]) -> list[DeskOut]:
    """These desks with their people."""
    people = await queries.people_of(tx, [one.id for one in desks])
    return [
        DeskOut(
            id=one.id, version=one.version, org_path=one.org_path, created_at=one.created_at,
            updated_at=one.updated_at, unit_code=one.unit_code, hours=one.hours, phone=one.phone,
            people=[
                DeskPersonOut(person_id=row.person_id, staff_no=row.staff_no, full_time=row.full_time)
                for row in people.get(one.id, ())
            ],
        )
        for one in desks
    ]  # fmt: skip
