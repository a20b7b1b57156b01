"""Register, change and remove webhooks, renew their secrets, and send again; each function is one transaction.

A secret is in the first answer alone: what is stored for a repeat of the request does not hold it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from gateway.feed import queries as feed
from gateway.webhooks import queries, rules, shapes
from gateway.webhooks.rules import Reason, WebhookStatus
from gateway.webhooks.schemas import (
    ChangeWebhook,
    RedeliveryOut,
    RegisteredOut,
    RegisterWebhook,
    RenewSecret,
    SecretOut,
)
from gateway.webhooks.sealing import Seal
from gateway.webhooks.tables import Delivery, Webhook
from gateway.webhooks.targets import Terms
from shared.actor import Actor
from shared.authority import covers
from shared.database import Database, Transaction
from shared.errors import ActionNotPermitted, ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7


async def register(
    db: Database, actor: Actor, key: RequestKey, command: RegisterWebhook, terms: Terms, seal: Seal,
    known: Collection[str],
) -> Answer:  # fmt: skip
    """From now on, events at or below the path go to the address."""
    _refuse_acting(actor)
    await terms.check(command.url)
    async with db.transaction(actor, key) as tx:
        rules.refuse_unreadable(command.events, known, actor.permissions)
        if not covers(command.org_path, actor.scope) or not await queries.unit_exists(tx, command.org_path):
            raise ReferenceNotFound.at("#/org_path")
        secret, webhook_id = secrets.token_bytes(rules.SECRET_BYTES), uuid7()
        row = Webhook(
            id=webhook_id, version=1, org_path=command.org_path, url=command.url, events=list(command.events),
            status=WebhookStatus.ACTIVE, person_id=actor.person_id, appointment_id=actor.appointment_id,
            sealed_secret=seal.close(webhook_id, secret), fed_to=await feed.head(tx),
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        tx.note("register", row, after={"url": row.url, "events": row.events})
        out = RegisteredOut(**shapes.webhook_item(row).model_dump())
        return _with_secret(tx.answer(out, location=f"/v1/webhooks/{row.id}", version=row.version), secret)


def _refuse_acting(actor: Actor) -> None:
    """A webhook outlives a delegation, so that no delegate registers one. Raises `ActionNotPermitted`."""
    if actor.on_behalf_of is not None:
        raise ActionNotPermitted()


def _with_secret(stored: Answer, secret: bytes) -> Answer:
    if stored.status != 201:
        return stored
    told = json.loads(stored.body) | {"secret": rules.shown_secret(secret)}
    return Answer(stored.status, json.dumps(told, ensure_ascii=False).encode(), stored.headers)


async def change(
    db: Database, actor: Actor, key: RequestKey, webhook_id: UUID, version: int | None, command: ChangeWebhook,
    terms: Terms, known: Collection[str],
) -> Answer:  # fmt: skip
    """Another address, other events, a pause or its end. Where events go is for the owner alone to say."""
    if command.url is not None:
        await terms.check(command.url)
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Webhook, webhook_id, version)
        shapes.may_change(actor, row)
        before = _told(row)
        if command.url is not None or command.events is not None:
            rules.refuse_other(actor.person_id, row.person_id)
            rules.refuse_unreadable(command.events or row.events, known, actor.permissions)
            row.appointment_id = actor.appointment_id
        row.url, row.events = command.url or row.url, list(command.events or row.events)
        if command.status == WebhookStatus.PAUSED and row.status != command.status:
            row.status, row.status_reason, row.status_at = command.status, Reason.ASKED, tx.now
        elif command.status == WebhookStatus.ACTIVE and row.status != command.status:
            await _resume(tx, row)
        tx.note("change", row, before=before, after=_told(row))
        return tx.answer(shapes.webhook_alone(row, actor, "zh"), status=200, version=row.version)


def _told(row: Webhook) -> dict[str, Any]:
    return {"url": row.url, "events": row.events, "status": row.status, "status_reason": row.status_reason}


async def _resume(tx: Transaction, row: Webhook) -> None:
    """What has waited gets a new day, from now on."""
    row.status, row.status_reason, row.status_at = WebhookStatus.ACTIVE, None, tx.now
    row.failing_since = None
    waiting = update(Delivery).where(Delivery.webhook_id == row.id, Delivery.status == "pending")
    await tx.execute(waiting.values(attempts=0, began_at=None, next_at=tx.now))


async def remove(db: Database, actor: Actor, key: RequestKey, webhook_id: UUID, version: int | None) -> Answer:
    """No further event; the log of its deliveries goes with it, its history stays."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Webhook, webhook_id, version)
        tx.note("remove", row, before=_told(row))
        out = shapes.state_of(row)
        await tx.session.delete(row)
        return tx.answer(out, status=200)


async def renew_secret(
    db: Database, actor: Actor, key: RequestKey, webhook_id: UUID, version: int | None, command: RenewSecret,
    seal: Seal,
) -> Answer:  # fmt: skip
    """A new secret; for a while deliveries are signed by the former one as well."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Webhook, webhook_id, version)
        shapes.may_renew(actor, row)
        secret = secrets.token_bytes(rules.SECRET_BYTES)
        kept = command.keep_former_hours > 0
        row.former_secret = row.sealed_secret if kept else None
        row.former_until = tx.now + timedelta(hours=command.keep_former_hours) if kept else None
        row.sealed_secret = seal.close(row.id, secret)
        tx.note("renew_secret", row, after={"former_until": row.former_until})
        out = SecretOut(id=uuid7(), created_at=tx.now, former_until=row.former_until, webhook=shapes.state_of(row))
        answer = tx.answer(out, location=f"/v1/webhooks/{row.id}", version=row.version)
        return _with_secret(answer, secret)


async def redeliver(db: Database, actor: Actor, key: RequestKey, webhook_id: UUID, delivery_id: UUID) -> Answer:
    """The same event under the same message id once more, with a day of attempts of its own."""
    async with db.transaction(actor, key) as tx:
        webhook = await tx.find(Webhook, webhook_id)
        row = await queries.delivery_for_change(tx, webhook_id, delivery_id)
        rules.refuse_ended(webhook.status)
        if row.status == "pending":
            raise rules.DeliveryPending()
        before = row.status
        row.status, row.attempts, row.began_at, row.next_at, row.fault = "pending", 0, None, tx.now, None
        tx.note("redeliver", webhook, before={"delivery": str(row.id), "status": before}, after={"status": row.status})
        shown = shapes.delivery_out(row).model_dump(mode="json", exclude_none=True)
        out = RedeliveryOut(id=uuid7(), created_at=tx.now, delivery=shown, webhook=shapes.state_of(webhook))
        return tx.answer(out, location=f"/v1/webhooks/{webhook_id}/deliveries")
