"""Outbox: an event is a row of the transaction that made it true; the relay brings it to the stream.

The outbox, not the stream, is the record of what was published: its rows live as long as their record, the relay's gap
audit refills a stream that lost something, and `replay` serves a new consumer. Order per record comes from the record's
row in `event_counters`, which every writer locks; never from the identity column, since a later id may commit first.
"""

from __future__ import annotations

import asyncio
import secrets
import weakref
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, Integer, Row, Table, Text, Uuid, func, insert, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.actor import machine
from shared.events import MEDIA_TYPE, Payload, encode, event_document
from shared.ids import uuid7
from shared.kernel import kernel
from shared.streams import Outgoing
from shared.telemetry import traceparent

if TYPE_CHECKING:
    from shared.database import Database

outbox = Table(
    "outbox",
    kernel,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", Uuid, nullable=False, unique=True),
    Column("subject", Text, nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("record_version", Integer, nullable=False),
    Column("org_path", Text(collation="C"), nullable=False),
    Column("event", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True)),
)

event_counters = Table(
    "event_counters",
    kernel,
    Column("record_id", Uuid, primary_key=True),
    Column("last", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Staged:
    """An event that the transaction will leave: its payload and the record it is about."""

    payload: Payload
    record_id: UUID
    org_path: str


async def write(session: AsyncSession, staged: Sequence[Staged], *, now: datetime, source: str) -> None:
    """Turn what a transaction staged into outbox rows, numbered per record without gap. Raises `EventTooLarge`."""
    if not staged:
        return
    versions = await _count_up(session, staged)
    trace = traceparent()
    rows: list[dict[str, Any]] = []
    for one in staged:
        versions[one.record_id] += 1
        event_id, version = uuid7(), versions[one.record_id]
        event = event_document(
            one.payload,
            event_id=event_id,
            record_id=one.record_id,
            org_path=one.org_path,
            record_version=version,
            source=source,
            now=now,
            traceparent=trace,
        )
        rows.append(
            {
                "event_id": event_id,
                "subject": one.payload.SUBJECT,
                "record_id": one.record_id,
                "record_version": version,
                "org_path": one.org_path,
                "event": event,
                "created_at": now,
            }
        )
    await session.execute(insert(outbox), rows)


async def _count_up(session: AsyncSession, staged: Sequence[Staged]) -> dict[UUID, int]:
    """Reserve the versions; answers the last one used before. Counters are locked in one order: no deadlock."""
    wanted = sorted(Counter(one.record_id for one in staged).items())
    add = upsert(event_counters).values([{"record_id": record, "last": n} for record, n in wanted])
    add = add.on_conflict_do_update(
        index_elements=["record_id"], set_={"last": event_counters.c.last + add.excluded.last}
    ).returning(event_counters.c.record_id, event_counters.c.last)
    reserved = {row.record_id: row.last for row in await session.execute(add)}
    return {record: reserved[record] - n for record, n in wanted}


_wakers: weakref.WeakKeyDictionary[Database, asyncio.Event] = weakref.WeakKeyDictionary()


def waker(database: Database) -> asyncio.Event:
    """Set whenever a transaction of this process has left events in `database`."""
    return _wakers.setdefault(database, asyncio.Event())


def wake(database: Database) -> None:
    """Tell a relay in this process that there is something to publish; relays elsewhere look every second."""
    waker(database).set()


def outgoing(row: Row[Any], message_id: str = "") -> Outgoing:
    """The message of an outbox row; without `message_id` it is the event's first sending."""
    event = row.event
    headers = {"Content-Type": MEDIA_TYPE, "traceparent": event["traceparent"]}
    return Outgoing(row.subject, encode(event), message_id or str(row.event_id), headers)


def sent_again(row: Row[Any]) -> Outgoing:
    """The same event under a message id of its own, which the server's duplicate window does not drop."""
    return outgoing(row, f"{row.event_id}:{secrets.token_hex(6)}")


@dataclass(frozen=True, slots=True)
class Depth:
    events: int
    age_s: float
    """Seconds since the oldest unsent event was written."""


async def depth(database: Database) -> Depth:
    """What waits to be published."""
    unsent = select(func.count(), func.min(outbox.c.created_at)).where(outbox.c.sent_at.is_(None))
    async with database.transaction(machine(database.service)) as tx:
        events, oldest = (await tx.execute(unsent)).one()
        age = max(0.0, (tx.now - oldest).total_seconds()) if oldest else 0.0
    return Depth(events, age)
