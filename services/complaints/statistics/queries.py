"""What the counts are made of: every complaint in scope, whatever its state."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from services.complaints.complaint.tables import Complaint
from services.complaints.statistics.rules import GroupKey
from shared.clock import at_midnight, legal_day
from shared.database import Transaction

Row = tuple[date, dict[GroupKey, str | None]]


async def rows(tx: Transaction, first: date | None, last: date | None) -> list[Row]:
    """Day of receipt and attributes of every complaint received in [first, last], both inclusive."""
    statement = select(Complaint)
    if first is not None:
        statement = statement.where(Complaint.received_at >= at_midnight(first))
    if last is not None:
        statement = statement.where(Complaint.received_at < at_midnight(date.fromordinal(last.toordinal() + 1)))
    return [(legal_day(one.received_at), _attributes(one)) for one in await tx.scalars(statement)]


def _attributes(one: Complaint) -> dict[GroupKey, str | None]:
    return {
        GroupKey.UNIT: one.unit_code,
        GroupKey.CAUSE: one.cause,
        GroupKey.CHANNEL: one.channel,
        GroupKey.PRODUCT: one.product,
        GroupKey.OUTCOME: one.outcome,
        GroupKey.STAGE: one.stage,
        GroupKey.TIMELINESS: "late" if one.breached_at is not None else "in_time",
    }
