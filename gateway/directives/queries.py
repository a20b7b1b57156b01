"""Named reads of directives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from gateway.directives.rules import RUNNING
from gateway.directives.tables import Directive
from gateway.organisation.queries import today
from shared.clock import SHANGHAI
from shared.database import Transaction
from shared.pagination import Filter, Listing


def _day_before(text: str) -> date:
    """The first legal day that is not wholly over before an instant. Raises `ValueError`."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant.astimezone(SHANGHAI).date()


DIRECTIVES = Listing(
    model=Directive,
    filters={
        "status": Filter(Directive.status),
        "issue_id": Filter(Directive.issue_id, UUID),
        "issuer_unit_code": Filter(Directive.issuer_unit_code),
        "due_on": Filter(Directive.due_on, date, ranged=True),
    },
    search=(Directive.text,),
    sorts={"due_on": Directive.due_on},
    conditions={"due_before": lambda text: Directive.due_on < _day_before(text)},
)


def due_at(due_on: date) -> datetime:
    """The end of the due day."""
    return datetime(due_on.year, due_on.month, due_on.day, tzinfo=SHANGHAI) + timedelta(days=1)


async def late(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Directives whose due day is over, the longest first."""
    over = select(Directive.id).where(Directive.status.in_(RUNNING), Directive.due_on < today(tx))
    return await tx.scalars(over.order_by(Directive.due_on, Directive.id).limit(limit))
