"""Remember ends that come, refer up what risk has open, decide what was referred."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from services.policy import events
from services.policy.policy.tables import Policy, PolicyVersion
from services.policy.renewal import queries, rules
from services.policy.renewal.queries import Reminder, RenewalFacts
from services.policy.renewal.rules import RenewalStatus
from services.policy.renewal.schemas import DecideRenewal, RenewalFactOut, RenewalState
from services.policy.renewal.tables import Renewal
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.ticks import Tick, claim, one_by_one
from shared.work_items import close_items, open_item

DECIDE_ITEM, CONDITION_ITEM = "decide_renewal", "renewal_condition"


async def remind(tx: Transaction, due: Reminder) -> None:
    """Give one reminder, once: the news of it, the renewal on the list, and what stands against it."""
    policy = await tx.scalar(select(Policy).where(Policy.id == due.policy_id).with_for_update())
    if policy is None or not await claim(
        tx, queries.RULE, policy.id, rules.stage_day(due.ends_at, due.days), str(due.days)
    ):
        return
    tx.publish(
        events.PolicyExpiring(
            policy_id=policy.id, policy_no=policy.policy_no, customer_id=policy.customer_id, days=due.days,
            ends_at=policy.ends_at, unit_code=policy.unit_code,
        ),
        policy,
    )  # fmt: skip
    renewal = await _renewal(tx, policy, due.days)
    await judge(tx, policy, renewal)


async def _renewal(tx: Transaction, policy: Policy, days: int) -> Renewal:
    found = await tx.scalar(
        select(Renewal).where(Renewal.policy_id == policy.id, Renewal.ends_at == policy.ends_at).with_for_update()
    )
    if found is None:
        found = Renewal(
            id=uuid7(), version=1, org_path=policy.org_path, unit_code=policy.unit_code, policy_id=policy.id,
            policy_no=policy.policy_no, customer_id=policy.customer_id, ends_at=policy.ends_at, days=days,
            status=str(RenewalStatus.OPEN), reasons=[],
        )  # fmt: skip
        tx.add(found)
        await tx.flush()
    elif days < found.days:
        found.days, found.version, found.updated_at = days, found.version + 1, tx.now
    return found


TICKS = (Tick(queries.RULE, timedelta(minutes=5), one_by_one(queries.due_reminders, remind)),)


async def judge(tx: Transaction, policy: Policy, renewal: Renewal) -> None:
    """Refer the renewal up or take it back, by what risk has open now. Cover is not touched."""
    against = await queries.against(tx, policy)
    status = rules.judged(renewal.state, against, compulsory=policy.compulsory)
    if against == renewal.reasons and status is renewal.state:
        return
    before = {"status": renewal.status, "reasons": renewal.reasons}
    above = await queries.unit_above(tx, renewal.org_path) if status is RenewalStatus.REFERRED else None
    renewal.status, renewal.reasons = str(status), against
    renewal.referred_to = None if above is None else above.code
    renewal.version += 1
    renewal.updated_at = tx.now
    await close_items(tx, renewal.id)
    await _ask(tx, policy, renewal)
    tx.note("judge", renewal, before=before, after={"status": renewal.status, "reasons": against})


async def _ask(tx: Transaction, policy: Policy, renewal: Renewal) -> None:
    """Whoever has to act: the unit above for what was referred; on a compulsory line the own unit, which renews in time
    and brings what is missing.
    """
    if not renewal.reasons:
        return
    referred = renewal.state is RenewalStatus.REFERRED
    title = Text("上报续保决定", "Decide the renewal that was referred")
    missing = Text("续保条件欠缺，不得延误续保", "Renew in time; what is missing is overdue")
    await open_item(
        tx, DECIDE_ITEM if referred else CONDITION_ITEM, renewal, title if referred else missing,
        number=renewal.policy_no, unit_code=renewal.referred_to or renewal.unit_code, position="underwriter",
        href=f"/v1/renewals/{renewal.id}" + ("/decisions" if referred else ""),
        method="POST" if referred else "GET", due_at=policy.ends_at,
    )  # fmt: skip


async def judge_policy(tx: Transaction, policy_id: UUID | None) -> None:
    """Judge what waits of a policy anew, because risk told something."""
    if policy_id is None:
        return
    policy = await tx.scalar(select(Policy).where(Policy.id == policy_id))
    for renewal in await queries.of_policy(tx, policy_id):
        if policy is not None:
            await judge(tx, policy, renewal)


async def judge_customer(tx: Transaction, customer_id: UUID | None) -> None:
    """Judge what waits of a customer's policies anew."""
    if customer_id is not None:
        for policy_id in await queries.of_customer(tx, customer_id):
            await judge_policy(tx, policy_id)


async def ended(tx: Transaction, policy: Policy, version: PolicyVersion, _state: object) -> None:
    """A contract that ends is not renewed; one whose end moves is reminded of the new end."""
    if version.status == "in_force":
        return
    for renewal in await queries.of_policy(tx, policy.id):
        renewal.status, renewal.version, renewal.updated_at = str(RenewalStatus.ENDED), renewal.version + 1, tx.now
        await close_items(tx, renewal.id)


def check_decide(actor: Actor, facts: RenewalFacts) -> None:
    """Whether this caller may decide the renewal."""
    renewal = facts.renewal
    rules.may_decide(renewal.state, facts.referred_path, actor.scope, renewal.referred_to)


ACTIONS = (Action("decide", "POST", "/v1/renewals/{id}/decisions", "policy.renewal.decide", check_decide),)


async def decide(
    db: Database, actor: Actor, key: RequestKey, renewal_id: UUID, version: int | None, command: DecideRenewal
) -> Answer:
    """Agree to or decline a renewal that was referred up. The present cover runs to its end either way."""
    async with db.transaction(actor, key) as tx:
        renewal = await tx.find_for_change(Renewal, renewal_id, version)
        check_decide(actor, await queries.facts_of(tx, renewal))
        before = {"status": renewal.status}
        status = RenewalStatus.AGREED if command.outcome == "agree" else RenewalStatus.DECLINED
        renewal.status, renewal.decided_at, renewal.decided_by = str(status), tx.now, actor.person_id
        renewal.reason = command.reason
        await close_items(tx, renewal.id)
        tx.note("decide", renewal, before=before, after={"status": renewal.status}, reason=command.reason)
        state = RenewalState(id=renewal.id, version=renewal.version, status=renewal.status)
        out = RenewalFactOut(id=uuid7(), created_at=tx.now, renewal=state)
        return tx.answer(out, location=f"/v1/renewals/{renewal.id}", version=renewal.version)
