"""The delivery of webhooks: one process of all does it, and whoever takes over begins where the rows say.

New events of the feed become deliveries in the transaction that moves the webhook's position. Each webhook has a task
of its own, so that a slow target holds up nobody else; within it events of one record go one after the other. A
delivery is marked after the answer: a process that dies in between sends it again, under the same id.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from prometheus_client import Counter
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from gateway.authority.rules import Matrix
from gateway.feed import queries as feed
from gateway.feed.rules import outward
from gateway.feed.tables import FeedEvent
from gateway.identity.queries import person_facts
from gateway.webhooks import queries, rules
from gateway.webhooks.rules import Reason, WebhookStatus
from gateway.webhooks.sealing import Seal
from gateway.webhooks.sending import Sent, send
from gateway.webhooks.tables import Delivery, Webhook
from gateway.webhooks.targets import Terms
from shared.actor import machine
from shared.authority import covers
from shared.crashpoints import crashpoint
from shared.database import Database, Transaction
from shared.errors import Problem
from shared.events import encode
from shared.ids import uuid7
from shared.leadership import give_way, lead, name_of
from shared.ticks import Tick
from shared.workers import Loop

log = structlog.get_logger()

LOOK_S = 0.5
FEED_BATCH = 200
AT_ONCE = 8
"""Requests under way to one target."""
TARGETS = 32
"""Targets served at the same time."""
MOST_WAITING = 10_000
"""A webhook with more to send than this gets no more events until it has caught up; the feed keeps them."""

_SENT = Counter("gateway_webhook_attempts", "Attempts to deliver an event", ["outcome"])
_PAUSED = Counter("gateway_webhooks_paused", "Webhooks that were paused or ended", ["reason"])


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery as it is sent."""

    delivery_id: UUID
    event_id: UUID
    body: bytes


@dataclass(frozen=True)
class Courier:
    """Carries events to where they are wanted. `run` for ever while leading; `pass_once` where a test wants it now."""

    db: Database
    terms: Terms
    seal: Seal
    matrix: Matrix
    public_url: str

    async def run(self) -> None:
        """Ends only by cancellation."""
        await lead(self.db, "webhooks", self._work)

    async def pass_once(self) -> int:
        """Take new events up and send what is due, until nothing is due; answers how many attempts were made."""
        return sum(await asyncio.gather(*(self._serve(one) for one in await self._due_now())))

    async def _work(self) -> None:
        serving: dict[UUID, asyncio.Task[int]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                give_way()
                due = await self._due_now()
                serving = {one: task for one, task in serving.items() if not task.done()}
                for webhook_id in [one for one in due if one not in serving][: TARGETS - len(serving)]:
                    serving[webhook_id] = group.create_task(self._serve(webhook_id))
                await asyncio.sleep(LOOK_S)

    async def _due_now(self) -> Sequence[UUID]:
        """Take new events up; which webhooks have something to send. Without any webhook nothing else is looked at."""
        if not await self._take_up():
            return []
        async with self.db.transaction(machine(self.db.service)) as tx:
            return await queries.with_due(tx, tx.now)

    async def _take_up(self) -> bool:
        """Make deliveries of what is new in the feed, for each webhook in a transaction of its own; whether any is."""
        async with self.db.transaction(machine(self.db.service)) as tx:
            found = await queries.active_ids(tx)
        for webhook_id in found:
            more = True
            while more:
                async with self.db.transaction(machine(self.db.service)) as tx:
                    more = await self._feed_one(tx, webhook_id)
        return bool(found)

    async def _feed_one(self, tx: Transaction, webhook_id: UUID) -> bool:
        """Whether there may be more at once."""
        mine = select(Webhook).where(Webhook.id == webhook_id, Webhook.status == WebhookStatus.ACTIVE)
        row = await tx.scalar(mine.with_for_update(skip_locked=True))
        # the end of the feed is read before its rows: what comes later lies behind it
        head = await feed.head(tx)
        if row is None or head <= row.fed_to:
            return False
        held = await self._held(tx, row)
        if held is None:
            _stop(tx, row, WebhookStatus.PAUSED, Reason.OWNER_ENDED)
            return False
        if await queries.waiting(tx, row.id, MOST_WAITING) >= MOST_WAITING:
            return False
        await tx.use_scope(row.org_path)
        new = await feed.events_between(tx, row.fed_to, head, FEED_BATCH, row.person_id)
        wanted = [one for one in new if rules.is_wanted(one.type, row.events, held)]
        if wanted:
            rows = [_delivery(tx, row, one) for one in wanted]
            await tx.execute(insert(Delivery).values(rows).on_conflict_do_nothing())
        row.fed_to = head if len(new) < FEED_BATCH else new[-1].position
        return len(new) == FEED_BATCH

    async def _held(self, tx: Transaction, row: Webhook) -> Collection[str] | None:
        """What the owner may do where the webhook stands; None once the appointment no longer holds there."""
        person = await person_facts(tx, row.person_id)
        post = None if person is None or not person.active else person.post(row.appointment_id, tx.now)
        if post is None or not covers(row.org_path, post.path):
            return None
        return self.matrix.permissions_of(post.position, post.level, post.kind)

    async def _serve(self, webhook_id: UUID) -> int:
        """Send what this webhook is to get, until nothing is due; answers how many attempts were made."""
        made = 0
        try:
            while found := await self._due(webhook_id):
                url, secrets, messages = found
                await asyncio.gather(*(self._attempt(webhook_id, url, secrets, one) for one in messages))
                made += len(messages)
        except Problem as fault:
            log.warning("webhook_waits", webhook_id=str(webhook_id), fault=name_of(fault))
        return made

    async def _due(self, webhook_id: UUID) -> tuple[str, list[bytes], list[Message]] | None:
        async with self.db.transaction(machine(self.db.service)) as tx:
            row = await tx.scalar(select(Webhook).where(Webhook.id == webhook_id))
            if row is None or row.status != WebhookStatus.ACTIVE:
                return None
            due = await queries.due_of(tx, webhook_id, tx.now, AT_ONCE)
            sealed = [row.sealed_secret]
            if row.former_secret is not None and row.former_until is not None and row.former_until > tx.now:
                sealed.append(row.former_secret)
            secrets = [self.seal.open(row.id, one) for one in sealed]
        bodies = [Message(one.id, one.event_id, encode(outward(one.event, self.public_url))) for one in due]
        return (row.url, secrets, bodies) if bodies else None

    async def _attempt(self, webhook_id: UUID, url: str, secrets: list[bytes], message: Message) -> None:
        async with self.db.transaction(machine(self.db.service)) as tx:
            timestamp = int(tx.now.timestamp())
        headers = {
            "webhook-id": str(message.event_id),
            "webhook-timestamp": str(timestamp),
            "webhook-signature": rules.signatures(secrets, str(message.event_id), timestamp, message.body),
        }
        sent = await send(self.terms, url, headers, message.body)
        crashpoint("webhooks.after_answer")
        async with self.db.transaction(machine(self.db.service)) as tx:
            await _mark(tx, webhook_id, message.delivery_id, sent)
        _SENT.labels("delivered" if sent.good else sent.fault or "status").inc()


def _delivery(tx: Transaction, webhook: Webhook, one: FeedEvent) -> dict[str, object]:
    return {
        "id": uuid7(), "org_path": webhook.org_path, "created_at": tx.now, "webhook_id": webhook.id,
        "event_id": one.event_id, "position": one.position, "type": one.type, "record_id": one.record_id,
        "event": one.event, "status": "pending", "attempts": 0, "next_at": tx.now,
    }  # fmt: skip


async def _mark(tx: Transaction, webhook_id: UUID, delivery_id: UUID, sent: Sent) -> None:
    """What the attempt came to, for the delivery and for its webhook."""
    webhook = await tx.scalar(select(Webhook).where(Webhook.id == webhook_id).with_for_update())
    row = await tx.scalar(select(Delivery).where(Delivery.id == delivery_id).with_for_update())
    if webhook is None or row is None or row.status != "pending":
        return
    row.attempts, row.answered_at, row.answer_status = row.attempts + 1, tx.now, sent.status
    row.began_at = row.began_at or tx.now
    row.fault = None if sent.good else sent.fault or "status"
    if sent.good:
        row.status, webhook.failing_since, webhook.delivered_at = "delivered", None, tx.now
        return
    webhook.failing_since = webhook.failing_since or tx.now
    if sent.gone:
        row.status = "failed"
        _stop(tx, webhook, WebhookStatus.ENDED, Reason.GONE)
        left = update(Delivery).where(Delivery.webhook_id == webhook_id, Delivery.status == "pending")
        await tx.flush()
        await tx.execute(left.values(status="failed", fault="webhook_ended"))
        return
    again = rules.next_attempt(row.attempts, row.began_at, tx.now, random.random())  # noqa: S311 - spreads attempts
    if again is not None:
        row.next_at = again
        return
    row.status = "failed"
    if webhook.status == WebhookStatus.ACTIVE and rules.is_down(webhook.failing_since, row.began_at):
        _stop(tx, webhook, WebhookStatus.PAUSED, Reason.FAILING)


def _stop(tx: Transaction, webhook: Webhook, status: WebhookStatus, reason: Reason) -> None:
    before = {"status": webhook.status}
    webhook.status, webhook.status_reason, webhook.status_at = status, reason, tx.now
    webhook.version, webhook.updated_at = webhook.version + 1, tx.now
    tx.note("stop", webhook, before=before, after={"status": status, "status_reason": reason})
    _PAUSED.labels(reason).inc()


def delivering(terms: Terms, seal: Seal, matrix: Matrix, public_url: str) -> Loop:
    """For the worker."""

    async def run(db: Database) -> None:
        await Courier(db, terms, seal, matrix, public_url).run()

    return run


def forgetting(keep_days: int) -> Tick:
    """Deliveries that ended longer ago leave the log."""

    async def forget(db: Database, limit: int) -> int:
        async with db.transaction(machine(db.service)) as tx:
            old = select(Delivery.id).where(
                Delivery.status != "pending", Delivery.created_at < tx.now - timedelta(days=keep_days)
            )
            gone = delete(Delivery).where(Delivery.id.in_(old.order_by(Delivery.created_at).limit(limit)))
            return len((await tx.execute(gone.returning(Delivery.id))).all())

    return Tick("deliveries_forgotten", timedelta(hours=1), forget)
