"""Reading renewals, and which reminders are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, cast, func, select

from services.policy.mark import queries as marks
from services.policy.policy.tables import Policy
from services.policy.renewal import rules
from services.policy.renewal.tables import Renewal
from shared import directory
from shared.authority import Unit
from shared.clock import at_midnight, legal_day
from shared.database import Transaction
from shared.pagination import Filter, Listing
from shared.rule_sets import in_force
from shared.ticks import unclaimed

RULE = "renewal_reminder"
RENEWALS = Listing(
    model=Renewal,
    filters={
        "status": Filter(Renewal.status),
        "policy_id": Filter(Renewal.policy_id, UUID),
        "policy_no": Filter(Renewal.policy_no),
        "customer_id": Filter(Renewal.customer_id, UUID),
        "ends_at": Filter(Renewal.ends_at, datetime, ranged=True),
    },
    search=(Renewal.policy_no,),
    sorts={"ends_at": Renewal.ends_at},
)


@dataclass(frozen=True)
class RenewalFacts:
    """What a decision is judged by."""

    renewal: Renewal
    referred_path: str | None


@dataclass(frozen=True)
class Reminder:
    """One reminder that is due."""

    policy_id: UUID
    days: int
    ends_at: datetime


async def figures(tx: Transaction) -> dict[str, Any]:
    """The figures of renewals in force."""
    return (await in_force(tx, "contract_life")).content["renewal"]


async def due_reminders(tx: Transaction, limit: int) -> list[Reminder]:
    """Reminders that are due and not given, the nearest end first.

    One whose day had passed before the policy was known here is not given: the next one is.
    """
    found: list[Reminder] = []
    for days in sorted((await figures(tx))["reminder_days"]):
        until = at_midnight(legal_day(tx.now) + timedelta(days=days + 1))
        local = func.timezone("Asia/Shanghai", Policy.ends_at)
        due_on = cast(local, Date) - days
        known = cast(func.timezone("Asia/Shanghai", Policy.created_at), Date)
        statement = (
            select(Policy.id, Policy.ends_at)
            .where(
                Policy.stated_status == "in_force", Policy.ended_at.is_(None), Policy.ends_at > tx.now,
                Policy.ends_at < until, due_on >= known, unclaimed(RULE, Policy.id, due_on, str(days)),
            )
            .order_by(Policy.ends_at, Policy.id)
            .limit(limit)
        )  # fmt: skip
        found += [Reminder(row.id, days, row.ends_at) for row in await tx.execute(statement)]
    return sorted(found, key=lambda one: (one.ends_at, -one.days))[:limit]


async def of_policy(tx: Transaction, policy_id: UUID) -> Sequence[Renewal]:
    """The renewals of a policy that are not decided."""
    waiting = (str(rules.RenewalStatus.OPEN), str(rules.RenewalStatus.REFERRED))
    statement = select(Renewal).where(Renewal.policy_id == policy_id, Renewal.status.in_(waiting))
    return await tx.scalars(statement.with_for_update())


async def of_customer(tx: Transaction, customer_id: UUID) -> Sequence[UUID]:
    """Policies of a customer that have a renewal waiting."""
    waiting = (str(rules.RenewalStatus.OPEN), str(rules.RenewalStatus.REFERRED))
    statement = select(Renewal.policy_id).where(Renewal.customer_id == customer_id, Renewal.status.in_(waiting))
    return await tx.scalars(statement)


async def against(tx: Transaction, policy: Policy) -> list[str]:
    """What stands against the renewal of a policy now."""
    signals = [rules.Signal(one.kind, one.overdue_since) for one in await marks.open_signals(tx, policy)]
    return rules.reasons(signals, legal_day(tx.now), int((await figures(tx))["overdue_inspection_days"]))


async def unit_above(tx: Transaction, org_path: str) -> Unit | None:
    """The unit one level up; the head office itself where there is none above."""
    path = await directory.units_on_path(tx, org_path)
    own = [unit for unit in path if unit.path == org_path]
    above = [unit for unit in path if unit.path != org_path and org_path.startswith(f"{unit.path}.")]
    found = sorted(above, key=lambda unit: len(unit.path)) or own
    return found[-1] if found else None


async def facts_of(tx: Transaction, renewal: Renewal) -> RenewalFacts:
    """Everything a decision is judged by."""
    unit = None if renewal.referred_to is None else await directory.unit_by_code(tx, renewal.referred_to)
    return RenewalFacts(renewal, None if unit is None else unit.path)
