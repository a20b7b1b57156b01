"""Warning before an application lapses, and its announced end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.policy.application.handlers import PATH, end
from services.policy.application.queries import settings_of
from services.policy.application.rules import PROPOSAL, ApplicationStatus
from services.policy.application.tables import Application
from shared.clock import at_midnight, legal_day
from shared.database import Transaction
from shared.errors import Text
from shared.ticks import Tick, claim, one_by_one, unclaimed
from shared.work_items import close_items, open_item

WARNING, LAPSE = "application_expiring", "application_expired"
_EVERY = timedelta(minutes=5)
_LAPSING = [str(one) for one, moves in PROPOSAL.items() if ApplicationStatus.EXPIRED in moves]


def _open() -> tuple[Any, ...]:
    return (
        Application.kind == "proposal", Application.status.in_(_LAPSING), Application.premium_received_at.is_(None),
    )  # fmt: skip


async def _expiring(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Proposals whose last day is near and that were not warned of for this day."""
    until = legal_day(tx.now) + timedelta(days=(await settings_of(tx))["warn_days"])
    statement = select(Application.id).where(
        *_open(), Application.expires_on <= until, unclaimed(WARNING, Application.id, Application.expires_on)
    )
    return await tx.scalars(statement.order_by(Application.expires_on, Application.id).limit(limit))


async def _warn(tx: Transaction, application_id: UUID) -> None:
    """Whoever serves the customer is told before it lapses."""
    row = await tx.find(Application, application_id, lock=True)
    if row.expires_on is None or not await claim(tx, WARNING, row.id, row.expires_on):
        return
    await open_item(
        tx, WARNING, row, Text("投保申请即将失效", "The application is about to lapse"), number=None,
        unit_code=row.unit_code, position="sales_agent", href=f"{PATH}/{row.id}", method="GET",
        due_at=at_midnight(row.expires_on + timedelta(days=1)),
    )  # fmt: skip


async def _expired(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Proposals whose last day is over."""
    statement = select(Application.id).where(*_open(), Application.expires_on < legal_day(tx.now))
    return await tx.scalars(statement.order_by(Application.expires_on, Application.id).limit(limit))


async def _lapse(tx: Transaction, application_id: UUID) -> None:
    """The application ends, and everybody is told so."""
    row = await tx.find(Application, application_id, lock=True)
    if row.expires_on is None or row.expires_on >= legal_day(tx.now) or row.premium_received_at is not None:
        return
    before = {"status": row.status, "expires_on": str(row.expires_on)}
    row.advance(ApplicationStatus.EXPIRED)
    row.version += 1
    row.updated_at = tx.now
    end(tx, row, "expired", "lapsed", tx.actor.level)
    await close_items(tx, row.id)
    tx.note("expire", row, before=before, after={"status": row.status})


TICKS = (
    Tick(WARNING, _EVERY, one_by_one(_expiring, _warn)),
    Tick(LAPSE, _EVERY, one_by_one(_expired, _lapse)),
)
