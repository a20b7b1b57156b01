"""What a rescission is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from services.policy.application.tables import Application
from services.policy.disclosure.tables import AnswerSet
from services.policy.issue import queries as issue
from services.policy.payment_order import queries as orders
from services.policy.payment_order.rules import OrderStatus, Party
from services.policy.policy import queries as policies
from services.policy.policy.tables import Policy
from services.policy.rescission import rules
from shared.calendar import BusinessCalendar
from shared.clock import legal_day
from shared.database import Transaction
from shared.deadline_registry import DeadlineRegistry
from shared.money import ZERO
from shared.periods import Deadline
from shared.rule_sets import in_force

DEADLINE = "DL-UW-1"


@dataclass(frozen=True)
class Asked:
    """The questions put before the contract was formed; None where the proposal is not kept here."""

    codes: frozenset[str] | None
    version: str | None


def _registry(content: dict[str, Any], _version: str) -> DeadlineRegistry:
    return DeadlineRegistry.from_content(content)


async def right(tx: Transaction, known_on: date, formed_on: date) -> tuple[Deadline, date]:
    """The right of rescission with its last day, and the day of the bar of years."""
    rows, days = await in_force(tx, "deadlines"), await in_force(tx, "calendars")
    row = rows.parsed(_registry).row(DEADLINE, known_on)
    calendar = days.parsed(BusinessCalendar.from_content)
    return rules.last_day(row, known_on, formed_on, calendar), rules.bar_day(row, formed_on)


def formed_on(policy: Policy) -> date:
    """The day the contract was formed: as decided here, else the day of issue."""
    return policy.formed_on or policy.issued_on


async def asked(tx: Transaction, policy: Policy) -> Asked:
    """What was asked in the application that the policy comes from."""
    if policy.application_id is None:
        return Asked(None, None)
    sets = select(AnswerSet).where(AnswerSet.application_id == policy.application_id)
    newest = await tx.scalar(sets.order_by(AnswerSet.number.desc()).limit(1))
    if newest is None:
        return Asked(frozenset(), None)
    return Asked(frozenset(one["code"] for one in newest.answers), newest.question_version)


async def premium_days(tx: Transaction, policy: Policy) -> list[date]:
    """The days on which premium was accepted: as confirmed here, or as a later version of the core told."""
    days = await orders.premium_days(tx, policy.id)
    if not policy.made_here:
        versions = await policies.versions_of(tx, policy.id)
        days += [legal_day(one.made_at) for one in versions if one.number > 1 and one.premium_delta > ZERO]
    return days


async def premium_paid(tx: Transaction, policy: Policy) -> Decimal:
    """What the customer has paid for the policy and not got back, in yuan."""
    if not policy.made_here:
        return policy.premium
    rows = [one for one in await orders.of_policy(tx, policy.id) if one.state is OrderStatus.PAID]
    early = ZERO if policy.application_id is None else await issue.received(tx, policy.application_id)
    return early + sum((one.amount if one.direction == "in" else -one.amount for one in rows), ZERO)


async def parties(tx: Transaction, policy: Policy) -> list[Party]:
    """Whose account a refund may go to, where the application is kept here."""
    if policy.application_id is None:
        return []
    application = await tx.scalar(select(Application).where(Application.id == policy.application_id))
    return [] if application is None else await issue.parties(tx, application)
