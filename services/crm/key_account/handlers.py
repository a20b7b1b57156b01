"""What every act on a key account does alike: the fact, its note, the mark on the customer, what others are told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.crm import events
from services.crm.customer.tables import Customer
from services.crm.figure.handlers import record as count
from services.crm.figure.handlers import tell_here, withdraw
from services.crm.figure.rules import Metric
from services.crm.key_account import queries, rules, shapes
from services.crm.key_account.rules import KeyAccountStatus, Role
from services.crm.key_account.tables import KeyAccount, KeyAccountFact
from shared.clock import legal_day
from shared.database import Transaction
from shared.idempotency import Answer
from shared.ids import uuid7
from shared.periods import add_months
from shared.work_items import close_items

_WORDS = frozenset({"reason", "summary", "text"})
"""What somebody wrote in his own words stays on the record and out of the audit trail: it may name persons."""


async def for_act(tx: Transaction, account_id: UUID, version: int | None) -> queries.KeyAccountFacts:
    """The key account, locked for a change."""
    return queries.facts_of(tx, await tx.find_for_change(KeyAccount, account_id, version))


def keep_fact(
    tx: Transaction, account: KeyAccount, kind: str, told: Mapping[str, Any], *, before: str | None = None,
    at: datetime | None = None, reason: str | None = None,
) -> KeyAccountFact:  # fmt: skip
    """Write one fact with its one note; `before` is the state that the account had."""
    stated = {name: value for name, value in told.items() if value is not None}
    row = KeyAccountFact(
        id=uuid7(), key_account_id=account.id, org_path=account.org_path, kind=kind, person_id=tx.actor.person_id,
        staff_no=tx.actor.staff_no, occurred_at=at or tx.now, told=stated,
    )  # fmt: skip
    tx.add(row)
    noted = {name: value for name, value in stated.items() if name not in _WORDS}
    was = None if before is None else {"status": before}
    tx.note(kind, account, before=was, after={"status": account.status, **noted}, reason=reason)
    return row


async def record(
    tx: Transaction, account: KeyAccount, kind: str, told: Mapping[str, Any], *, before: str, reason: str | None = None,
    at: datetime | None = None,
) -> Answer:  # fmt: skip
    """Write the fact and answer with it."""
    row = keep_fact(tx, account, kind, told, before=before, at=at, reason=reason)
    await tx.flush()
    out = shapes.fact(row, account, tx.actor.staff_no)
    return tx.answer(out, location=f"/v1/key-accounts/{account.id}", version=account.version)


async def tell(tx: Transaction, account: KeyAccount) -> None:
    """The others are told the tier that holds now, and the customer bears it; no tier: he is no key account."""
    customer = await tx.session.get(Customer, account.customer_id)
    served = account.state in rules.SERVED
    tier = account.tier if served else None
    manager = (await queries.named(tx, account.id)).get(str(Role.MANAGER)) if served else None
    if customer is not None:
        customer.key_account_tier = tier
    told = events.KeyAccountChanged(
        customer_id=account.customer_id, tier=tier, manager_id=None if manager is None else manager.person_id
    )
    tx.publish(told, account)


async def on_timeline(tx: Transaction, account: KeyAccount, verb: str, **summary: Any) -> None:
    """Under the customer."""
    customer = await tx.session.get(Customer, account.customer_id)
    if customer is not None:
        about = ("key_account", account.id, account.org_path)
        await tell_here(tx, customer, f"crm.key_account.{verb}", about, **summary)


async def activate(tx: Transaction, account: KeyAccount) -> bool:
    """An approved account of which all three are named becomes active; whether it did."""
    held = await queries.named(tx, account.id)
    if account.state is not KeyAccountStatus.APPROVED or rules.missing_roles(held):
        return False
    account.advance(KeyAccountStatus.ACTIVE)
    account.active_from = tx.now
    await next_review(tx, account)
    await close_items(tx, account.id)
    await tell(tx, account)
    await on_timeline(tx, account, "activated", tier=account.tier)
    await measure(tx, account, tx.now.year)
    return True


async def next_review(tx: Transaction, account: KeyAccount) -> None:
    """The list is looked through every year."""
    months = (await queries.scheme(tx)).review_months
    account.review_due_on = add_months(legal_day(tx.now), months)


async def measure(tx: Transaction, account: KeyAccount, year: int) -> None:
    """What the account adds to the share of visits made, at the end of the year; more than owed counts no more."""
    scheme, done = await queries.scheme(tx), await queries.visits_done(tx, account.id, year)
    needed = sum(scheme.visits.values())
    kept = sum(min(done.get(level, 0), owed) for level, owed in scheme.visits.items())
    about = ("key_account", account.id, account.org_path)
    await count(
        tx, Metric.KEY_ACCOUNT_VISITS, about, on=date(year, 12, 31), part=kept, whole=needed, n=str(year)
    )  # fmt: skip


async def follow_merge(tx: Transaction, kept: Customer, merged: Customer) -> None:
    """After a merge one key account is left: that of the kept customer, or the one that came with the other."""
    left = await queries.open_of(tx, merged.id)
    if left is not None:
        before = left.status
        await end(tx, left)
        left.version += 1
        left.updated_at = tx.now
        keep_fact(tx, left, "end_by_merge", {"merged_into": str(kept.id)}, before=before)
    elif merged.key_account_tier is not None:
        tx.publish(events.KeyAccountChanged(customer_id=merged.id), merged)
    account = await queries.open_of(tx, kept.id)
    if account is not None and account.state in rules.SERVED:
        await tell(tx, account)


async def end(tx: Transaction, account: KeyAccount) -> None:
    """It is a key account no longer; what it still owed this year is not counted."""
    served = account.state in rules.SERVED
    account.advance(KeyAccountStatus.EXITED)
    account.exited_at, account.review_due_on, account.proposal, account.proposed_tier = tx.now, None, None, None
    await close_items(tx, account.id)
    if served:
        await tell(tx, account)
        await on_timeline(tx, account, "exited")
        about = ("key_account", account.id, account.org_path)
        year = tx.now.year
        await withdraw(tx, Metric.KEY_ACCOUNT_VISITS, about, on=date(year, 12, 31), n=str(year))
