"""Reports that were published, and the units whose month is over and not reported yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import exists, func, or_, select

from services.crm.figure.rules import month_before, month_of
from services.crm.figure.tables import ServiceFigure, ServiceReport
from services.crm.reference.tables import KeptOut
from shared.clock import legal_day
from shared.database import Transaction
from shared.directory import directory_units
from shared.rule_sets import in_force


async def published(tx: Transaction, unit_code: str, month: date) -> ServiceReport | None:
    """The report of a unit's month, wherever the unit lay then; None where it is not published."""
    found = select(ServiceReport).where(ServiceReport.unit_code == unit_code, ServiceReport.month == month)
    return await tx.scalar(found.order_by(ServiceReport.created_at))


async def hides_something(tx: Transaction) -> bool:
    """Whether the caller must stay out of a record that counts: then he gets figures without it, not the published."""
    caller = [str(one) for one in (tx.actor.person_id, tx.actor.on_behalf_of) if one]
    return bool(await tx.scalar(select(exists().where(KeptOut.person_id.in_(caller)))))


async def due(tx: Transaction, limit: int) -> Sequence[tuple[str, date]]:
    """Units with the last month that is over, once its day of publication has come: those not reported yet."""
    today = legal_day(tx.now)
    last = month_before(month_of(today)).first
    if today.day < int((await in_force(tx, "service_kpis")).content["publish_on_day"]):
        last = month_before(month_of(last)).first
    unit, ended = directory_units.c, month_of(last).last
    reported = exists().where(ServiceReport.unit_code == unit.code, ServiceReport.month == last)
    # a service that has just begun has nothing to report of the time before
    begun = select(func.min(ServiceFigure.on_day)).scalar_subquery()
    waiting = (
        select(unit.code)
        .where(~reported, unit.effective_on <= ended, or_(unit.closed_on.is_(None), unit.closed_on > last))
        .where(unit.merged_into.is_(None), begun <= ended)
        .order_by(unit.path)
        .limit(limit)
    )
    return [(code, last) for code in await tx.scalars(waiting)]
