"""Alerts and ticks of key accounts, each step once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import select

from services.crm.customer.tables import Customer
from services.crm.key_account import queries
from services.crm.key_account.rules import SERVED, KeyAccountStatus, Role
from services.crm.key_account.tables import KeyAccount
from services.crm.reference.tables import PolicyReference
from services.crm.stewardship.handlers import REVIEW, VISIT
from services.crm.visit.handlers import department_over
from shared import directory
from shared.clock import at_midnight, legal_day
from shared.database import Transaction
from shared.errors import Text
from shared.ticks import Tick, claim, one_by_one, unclaimed
from shared.work_items import close_items, open_item

_REVIEW, _BEHIND = "key_account_review", "key_account_visits"
RENEWAL = "key_account_renewal"


@dataclass(frozen=True)
class _Policy:
    """A policy, as far as a work item about it needs one."""

    id: UUID
    org_path: str
    record_type: ClassVar[str] = "policy"


async def renewal_alert(tx: Transaction, customer: Customer, policy: PolicyReference, days: int) -> bool:
    """The manager speaks about renewal at each step, 60, 30 and 15 days before the end; the newest step stands.

    Whether the customer is a key account whose manager is asked here.
    """
    account = await queries.open_of(tx, customer.id)
    if account is None or account.state not in SERVED:
        return False
    if not await claim(tx, "key_account_renewal", policy.policy_id, policy.ends_on, str(days)):
        return True
    manager = (await queries.named(tx, account.id)).get(str(Role.MANAGER))
    unit = await department_over(tx, account.org_path)
    whom: dict[str, Any] = {"position": "account_manager"} if manager is None else {"person_id": manager.person_id}
    about: Any = _Policy(policy.policy_id, account.org_path)
    await close_items(tx, policy.policy_id, RENEWAL)
    title = Text(
        f"大客户保单{days}天后到期，洽谈续保", f"A key account's policy ends in {days} days: speak about renewal"
    )
    await open_item(
        tx, RENEWAL, about, title, number=policy.policy_no, unit_code=unit, due_at=at_midnight(policy.ends_on),
        basis=f"KA-7/{days}", href=f"/v1/policies/{policy.policy_id}", method="GET", priority="high", **whom,
    )  # fmt: skip
    return True


async def _to_review(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Active accounts whose review is near and not asked for."""
    notice = timedelta(days=(await queries.scheme(tx)).notice_days)
    statement = select(KeyAccount.id).where(
        KeyAccount.status.in_([str(KeyAccountStatus.ACTIVE), str(KeyAccountStatus.TIER_CHANGED)]),
        KeyAccount.review_due_on <= legal_day(tx.now) + notice,
        unclaimed(_REVIEW, KeyAccount.id, KeyAccount.review_due_on),
    )
    return await tx.scalars(statement.order_by(KeyAccount.review_due_on, KeyAccount.id).limit(limit))


async def _ask_review(tx: Transaction, account_id: UUID) -> None:
    account = await tx.scalar(select(KeyAccount).where(KeyAccount.id == account_id).with_for_update())
    if account is None or account.state not in SERVED or account.review_due_on is None:
        return
    if not await claim(tx, _REVIEW, account.id, account.review_due_on):
        return
    manager = (await queries.named(tx, account.id)).get(str(Role.MANAGER))
    whom: dict[str, Any] = {"position": "account_manager"} if manager is None else {"person_id": manager.person_id}
    await open_item(
        tx, REVIEW, account, Text("大客户年度复核", "Review a key account"), number=None,
        unit_code=await department_over(tx, account.org_path), due_at=at_midnight(account.review_due_on),
        href=f"/v1/key-accounts/{account.id}/reviews", **whom,
    )  # fmt: skip
    tx.note("ask_review", account, after={"review_due_on": account.review_due_on.isoformat()})


async def _behind(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Accounts that were not looked at yet this year, once the day of the reminder is there."""
    scheme, today = await queries.scheme(tx), legal_day(tx.now)
    if (today.month, today.day) < scheme.remind_on:
        return []
    statement = select(KeyAccount.id).where(
        KeyAccount.status.in_(map(str, SERVED)), unclaimed(_BEHIND, KeyAccount.id, date(today.year, 12, 31))
    )
    return await tx.scalars(statement.order_by(KeyAccount.id).limit(limit))


async def _remind(tx: Transaction, account_id: UUID) -> None:
    """The head of each level that still owes a visit this year has it as his work."""
    account = await tx.scalar(select(KeyAccount).where(KeyAccount.id == account_id).with_for_update())
    year = legal_day(tx.now).year
    if account is None or account.state not in SERVED:
        return
    if not await claim(tx, _BEHIND, account.id, date(year, 12, 31)):
        return
    scheme, done = await queries.scheme(tx), await queries.visits_done(tx, account.id, year)
    units = {one.level: one for one in await directory.units_on_path(tx, account.org_path)}
    for level, needed in scheme.visits.items():
        if done.get(level, 0) < needed and level in units:
            await open_item(
                tx, f"{VISIT}_{level}", account, Text("年度走访大客户", "Visit a key account this year"), number=None,
                unit_code=units[level].code, position="department_head", due_at=at_midnight(date(year + 1, 1, 1)),
                href=f"/v1/key-accounts/{account.id}/visits",
            )  # fmt: skip
    tx.note("remind_visits", account, after={"year": year, "done": sum(done.values())})


TICKS = (
    Tick(_REVIEW, timedelta(minutes=5), one_by_one(_to_review, _ask_review)),
    Tick(_BEHIND, timedelta(minutes=5), one_by_one(_behind, _remind)),
)
