"""Reading key accounts: the list, the figures of a customer, who would be one, the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Date, and_, exists, func, or_, select

from services.crm.customer.tables import Customer
from services.crm.key_account import rules
from services.crm.key_account.tables import KeyAccount, KeyAccountFact, KeyAccountPerson, KeyAccountVisit
from services.crm.reference.tables import PolicyReference, RecordReference
from shared.clock import legal_day
from shared.database import Transaction
from shared.pagination import Filter, Listing
from shared.rule_sets import in_force

MOST = 200


def _looked_after_by(person_id: str) -> Any:
    return exists().where(
        KeyAccountPerson.key_account_id == KeyAccount.id, KeyAccountPerson.to_on.is_(None),
        KeyAccountPerson.person_id == UUID(person_id),
    )  # fmt: skip


KEY_ACCOUNTS = Listing(
    model=KeyAccount,
    filters={
        "status": Filter(KeyAccount.status),
        "tier": Filter(KeyAccount.tier),
        "customer_id": Filter(KeyAccount.customer_id, UUID),
        "review_due_on": Filter(KeyAccount.review_due_on, date, ranged=True),
        "created_at": Filter(KeyAccount.created_at, datetime, ranged=True),
    },
    conditions={"assignee_person_id": _looked_after_by},
    sorts={"review_due_on": KeyAccount.review_due_on},
)


@dataclass(frozen=True)
class KeyAccountFacts:
    """What an act on a key account is judged by, read once."""

    account: KeyAccount
    now: datetime


def facts_of(tx: Transaction, account: KeyAccount) -> KeyAccountFacts:
    return KeyAccountFacts(account, tx.now)


async def scheme(tx: Transaction, on: date | None = None) -> rules.Scheme:
    """Tiers and duties in force on a day."""
    thresholds = (await in_force(tx, "thresholds", on)).content["key_account"]
    return rules.read_scheme((await in_force(tx, "key_accounts", on)).content, thresholds)


def _in_force(today: date) -> Any:
    starts = func.coalesce(PolicyReference.starts_on, PolicyReference.issued_on, type_=Date)
    return and_(
        starts <= today, PolicyReference.ends_on > today,
        or_(PolicyReference.cancelled_on.is_(None), PolicyReference.cancelled_on > today),
    )  # fmt: skip


async def policies_of(tx: Transaction, customer_id: UUID) -> Sequence[PolicyReference]:
    """The customer's policies in force today."""
    mine = select(RecordReference.record_id).where(
        RecordReference.customer_id == customer_id, RecordReference.kind == "policy"
    )
    statement = select(PolicyReference).where(PolicyReference.policy_id.in_(mine), _in_force(legal_day(tx.now)))
    return await tx.scalars(statement.order_by(PolicyReference.ends_on, PolicyReference.policy_no))


def sizes(policies: Sequence[PolicyReference]) -> list[rules.Size]:
    return [
        rules.Size(
            premium=one.premium or Decimal(0), starts_on=one.starts_on or one.issued_on, ends_on=one.ends_on,
            insured=one.insured_count or 0, limit=one.highest_limit,
        )
        for one in policies
    ]  # fmt: skip


async def figures(tx: Transaction, customer_id: UUID, other_premium: Decimal = Decimal(0)) -> rules.Figures:
    """What the customer is today."""
    return rules.figures_of(sizes(await policies_of(tx, customer_id)), other_premium)


async def open_of(tx: Transaction, customer_id: UUID) -> KeyAccount | None:
    """The customer's key account that has not ended, locked."""
    statement = select(KeyAccount).where(
        KeyAccount.customer_id == customer_id, KeyAccount.status != str(rules.KeyAccountStatus.EXITED)
    )
    return await tx.scalar(statement.with_for_update())


async def possible(tx: Transaction) -> list[tuple[Customer, rules.Figures]]:
    """Customers in scope with a policy in force that reaches a criterion of the lowest tier, and no key account."""
    today, lowest = legal_day(tx.now), (await scheme(tx)).lowest
    policies = select(RecordReference.customer_id).join(
        PolicyReference, PolicyReference.policy_id == RecordReference.record_id
    )
    large = policies.where(RecordReference.kind == "policy", _in_force(today)).group_by(RecordReference.customer_id)
    large = large.having(
        or_(
            func.sum(PolicyReference.premium) >= lowest.annual_premium,
            func.max(PolicyReference.insured_count) >= lowest.insured,
            func.max(PolicyReference.highest_limit) >= lowest.limit,
        )
    )
    held = exists().where(
        KeyAccount.customer_id == Customer.id, KeyAccount.status != str(rules.KeyAccountStatus.EXITED)
    )
    statement = select(Customer).where(Customer.id.in_(large), Customer.merged_into.is_(None), ~held)
    found = [(one, await figures(tx, one.id)) for one in await tx.scalars(statement.order_by(Customer.id).limit(MOST))]
    return sorted(found, key=lambda pair: -pair[1].annual_premium)


async def people_of(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, list[KeyAccountPerson]]:
    """Who looks or looked after these accounts, those of today first."""
    found: dict[UUID, list[KeyAccountPerson]] = {}
    statement = select(KeyAccountPerson).where(KeyAccountPerson.key_account_id.in_(ids))
    newest = statement.order_by(KeyAccountPerson.to_on.desc().nulls_first(), KeyAccountPerson.created_at.desc())
    for row in await tx.scalars(newest):
        found.setdefault(row.key_account_id, []).append(row)
    return found


async def named(tx: Transaction, account_id: UUID) -> dict[str, KeyAccountPerson]:
    """Role → who has it today."""
    return {one.role: one for one in (await people_of(tx, [account_id])).get(account_id, ()) if one.to_on is None}


async def visits_of(tx: Transaction, account_id: UUID) -> Sequence[KeyAccountVisit]:
    """The visits, the newest first."""
    statement = select(KeyAccountVisit).where(KeyAccountVisit.key_account_id == account_id)
    return await tx.scalars(statement.order_by(KeyAccountVisit.visited_at.desc(), KeyAccountVisit.id.desc()))


async def visits_done(tx: Transaction, account_id: UUID, year: int) -> dict[str, int]:
    """Level → visits of the year."""
    statement = select(KeyAccountVisit.level, func.count()).where(
        KeyAccountVisit.key_account_id == account_id, KeyAccountVisit.year == year
    )
    return {level: count for level, count in await tx.execute(statement.group_by(KeyAccountVisit.level))}


async def facts_told(tx: Transaction, account_id: UUID) -> Sequence[KeyAccountFact]:
    """What was decided, named and noted, in order."""
    statement = select(KeyAccountFact).where(KeyAccountFact.key_account_id == account_id)
    return await tx.scalars(statement.order_by(KeyAccountFact.created_at, KeyAccountFact.id))
