"""Quoting the refund of a submitted cancellation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from services.policy.application.rules import ApplicationKind, ApplicationStatus
from services.policy.application.tables import Application
from services.policy.policy.tables import Policy
from services.policy.refund_quote import queries as quotes
from shared.clock import at_midnight, legal_day
from shared.database import Transaction


async def quote(tx: Transaction, row: Application, _state: Any) -> None:
    """The refund from the receipt of the notice or the later day named in it; an open claim does not hold it."""
    if row.of_kind is not ApplicationKind.CANCELLATION or row.state is not ApplicationStatus.CHECKED:
        return
    policy = await tx.find(Policy, row.policy_id or row.id)
    found = await quotes.settlement(tx, policy, _moment(row))
    row.premium = -found.amount
    row.terms = {"computation": quotes.shown(found)}
    row.advance(ApplicationStatus.QUOTED)


def _moment(row: Application) -> datetime:
    received, named = datetime.fromisoformat(row.change["notice_received_at"]), row.change.get("effective_on")
    day = None if named is None else date.fromisoformat(named)
    return received if day is None or day <= legal_day(received) else at_midnight(day)
