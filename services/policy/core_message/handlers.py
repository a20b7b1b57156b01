"""Register messages, take the core's answers, list those that it refused or never answered, send them again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from services.policy import events
from services.policy.core.handlers import open_difference
from services.policy.core.tables import ReconciliationItem
from services.policy.core_message import queries, rules
from services.policy.core_message.rules import MessageStatus
from services.policy.core_message.schemas import Acknowledge, CoreMessageOut
from services.policy.core_message.tables import CoreMessage
from services.policy.policy.rules import ItemKind
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.ticks import Tick, one_by_one


@dataclass(frozen=True)
class _About:
    id: UUID
    org_path: str


async def acknowledge(db: Database, actor: Actor, key: RequestKey, command: Acknowledge) -> Answer:
    """Keep the core's answer to one message; a refusal is listed with its reason until somebody has resolved it."""
    async with db.transaction(actor, key) as tx:
        row = await _message(tx, command.event_id)
        if row is None:
            raise ReferenceNotFound.at("#/event_id")
        before = row.status
        outcome = rules.answer(row.state, MessageStatus(command.outcome), command.reason)
        if str(outcome) != before or command.reason != row.reason:
            row.status, row.reason, row.answered_at = str(outcome), command.reason, tx.now
            row.version, row.updated_at = row.version + 1, tx.now
            await _settle(tx, row, "answered")
            if outcome is MessageStatus.REFUSED:
                await _list(tx, row, ItemKind.MESSAGE_REFUSED, {"outcome": "refused", "reason": command.reason})
            tx.note("acknowledge", row, before={"status": before}, after={"status": row.status}, reason=command.reason)
        return tx.answer(CoreMessageOut.model_validate(row), status=200)


async def _message(tx: Transaction, event_id: UUID) -> CoreMessage | None:
    row = await tx.scalar(select(CoreMessage).where(CoreMessage.id == event_id).with_for_update())
    return row if row is not None else await register(tx, event_id)


async def register(tx: Transaction, event_id: UUID) -> CoreMessage | None:
    """The row of a message, made from its event; None where the core is not asked to answer such an event."""
    found = await queries.event_of(tx, event_id)
    if found is None:
        return None
    data = found.event["data"]
    row = CoreMessage(
        id=found.event_id, version=1, org_path=found.org_path, created_at=found.created_at, updated_at=tx.now,
        subject=found.subject, record_id=found.record_id, policy_no=data.get("policy_no"), status="sent",
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    return row


async def _list(tx: Transaction, row: CoreMessage, kind: ItemKind, theirs: dict[str, Any]) -> None:
    ours = {"event_id": str(row.id), "subject": row.subject, "record_id": str(row.record_id)}
    owner = "anlan" if kind is ItemKind.MESSAGE_REFUSED else "core"
    number = row.policy_no or str(row.record_id)
    await open_difference(tx, row.org_path, number, kind, queries.cause_of(row.id), owner, ours, theirs)


async def _settle(tx: Transaction, row: CoreMessage, reason: str) -> None:
    """Whatever was listed about this message is explained by its answer."""
    item = ReconciliationItem
    done = {"status": "resolved", "outcome": "explained", "reason": reason, "resolved_at": tx.now, "updated_at": tx.now}
    open_ones = update(item).where(item.cause == queries.cause_of(row.id), item.status == "open")
    await tx.execute(open_ones.values(**done, version=item.version + 1, resolved_by=tx.actor.person_id))


def send_again(tx: Transaction, found: Any) -> None:
    """Write the event of an outbox row once more, as a new event of its record."""
    kind = {one.SUBJECT: one for one in events.EVENTS}[found.subject]
    tx.publish(kind.model_validate(found.event["data"]), _About(found.record_id, found.org_path))


async def repeat(tx: Transaction, event_id: UUID) -> bool:
    """Send a message of the core again; False where it is no message of ours."""
    found = await queries.event_of(tx, event_id)
    if found is None:
        return False
    send_again(tx, found)
    mine = update(CoreMessage).where(CoreMessage.id == event_id)
    await tx.execute(mine.values(sent_again_at=tx.now, updated_at=tx.now, version=CoreMessage.version + 1))
    return True


async def _registered(tx: Transaction, event_id: UUID) -> None:
    if await tx.scalar(select(CoreMessage.id).where(CoreMessage.id == event_id)) is None:
        await register(tx, event_id)


async def _missed(tx: Transaction, event_id: UUID) -> None:
    row = await tx.find(CoreMessage, event_id, lock=True)
    if row.state is MessageStatus.SENT:
        await _list(tx, row, ItemKind.MESSAGE_UNANSWERED, {"outcome": None})


TICKS = (
    Tick("core_messages", timedelta(seconds=30), one_by_one(queries.unregistered, _registered)),
    Tick("core_answers", timedelta(minutes=5), one_by_one(queries.unanswered, _missed)),
)
