"""The calendar of visits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

from sqlalchemy import or_, select

from services.risk.calendar.schemas import CalendarDay, CalendarEntry, CalendarOut, Load
from services.risk.inspection.rules import InspectionStatus
from services.risk.inspection.tables import Inspection
from shared.clock import at_midnight, legal_day
from shared.database import Transaction, path_range

MOST = 2_000
_AHEAD = tuple(
    str(one) for one in InspectionStatus if one not in (InspectionStatus.CANCELLED,)
)  # what was made stays in the calendar


async def calendar(
    tx: Transaction, begins: date, ends: date, *, paths: Sequence[str] | None, person_id: UUID | None
) -> CalendarOut:
    """Visits of the caller's scope on these days: by the day agreed, else by the due day; earliest first.

    `paths`: only at or below these units; `person_id`: only this engineer's.
    """
    agreed = Inspection.scheduled_at
    first, after = at_midnight(begins), at_midnight(ends + timedelta(days=1))
    by_agreement = (agreed >= first) & (agreed < after)
    by_due_day = agreed.is_(None) & (Inspection.due_on >= begins) & (Inspection.due_on <= ends)
    statement = select(Inspection).where(Inspection.status.in_(_AHEAD), or_(by_agreement, by_due_day))
    if paths is not None:
        below = [path_range(Inspection.org_path, one) for one in paths]
        statement = statement.where(or_(*below) if below else Inspection.id.is_(None))
    if person_id is not None:
        statement = statement.where(Inspection.inspector_person_id == person_id)
    rows = await tx.scalars(statement.order_by(Inspection.due_on, Inspection.id).limit(MOST + 1))
    return _shaped(rows[:MOST], truncated=len(rows) > MOST)


def _day(one: Inspection) -> date:
    return one.due_on if one.scheduled_at is None else legal_day(one.scheduled_at)


def _shaped(rows: Sequence[Inspection], *, truncated: bool) -> CalendarOut:
    ordered = sorted(rows, key=lambda one: (_day(one), one.scheduled_at is None, one.scheduled_at or one.created_at))
    days = [CalendarDay(on=on, entries=[_entry(one) for one in some]) for on, some in groupby(ordered, key=_day)]
    visits = Counter((one.inspector_person_id, one.unit_code) for one in rows)
    late = Counter((one.inspector_person_id, one.unit_code) for one in rows if one.status == "overdue")
    loads = [
        Load(inspector_person_id=person, unit_code=unit, visits=n, overdue=late[person, unit])
        for (person, unit), n in sorted(visits.items(), key=lambda pair: (-pair[1], str(pair[0])))
    ]
    return CalendarOut(items=days, loads=loads, truncated=truncated)


def _entry(one: Inspection) -> CalendarEntry:
    return CalendarEntry(
        inspection_id=one.id, inspection_no=one.inspection_no, kind=one.kind, status=one.status,
        agreed=one.scheduled_at is not None, confirmed=one.confirmed_at is not None, scheduled_at=one.scheduled_at,
        due_on=one.due_on, inspector_person_id=one.inspector_person_id, customer_id=one.customer_id,
        policy_no=one.policy_no, site_id=one.site_id, unit_code=one.unit_code,
    )  # fmt: skip
