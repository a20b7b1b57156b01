"""Keeping events: in the transaction of the inbox rows that keep them from being kept twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.feed.rules import permission_of
from gateway.feed.tables import FeedEvent, FeedHead, FeedKeptOut
from shared.actor import machine
from shared.clock import rfc3339
from shared.database import Database, Transaction
from shared.events import Received, schema_of
from shared.ticks import Tick

HEAD_OFFICE = "00"


async def keep(tx: Transaction, events: Sequence[tuple[str, Received[Any], dict[str, Any]]]) -> None:
    """Put these events at the end of the feed, in this order; each with its subject and its data as they came.

    The head's lock is held until the commit, so positions commit in order, and none is left out. Whom an event must not
    reach is kept beside the feed and not passed on: nobody is told who stays out of what.
    """
    out = [
        {"person_id": UUID(one), "record_id": record_id}
        for _, event, data in events
        for record_id in {event.record_id, *(UUID(one) for one in data.get("case_ids", ()))}
        for one in data.get("kept_out", ())
    ]
    if out:
        await tx.execute(upsert(FeedKeptOut).on_conflict_do_nothing(), out)
    moved = update(FeedHead).values(last=FeedHead.last + len(events)).returning(FeedHead.last)
    before = await tx.scalar(moved) - len(events)
    await tx.execute(insert(FeedEvent), [_row(tx, before + place, *one) for place, one in enumerate(events, 1)])


def _row(tx: Transaction, position: int, subject: str, event: Received[Any], data: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in data.items() if name != "kept_out"}
    return {
        "position": position, "org_path": event.org_path, "event_id": event.id, "type": event.type,
        "permission": permission_of(event.type), "record_id": event.record_id, "record_version": event.record_version,
        "event": as_document(subject, event, told), "kept_at": tx.now,
    }  # fmt: skip


def as_document(subject: str, event: Received[Any], data: dict[str, Any]) -> dict[str, Any]:
    """The event as it was published, with this data."""
    return {
        "specversion": "1.0",
        "id": str(event.id),
        "source": event.source,
        "type": event.type,
        "subject": str(event.record_id),
        "time": rfc3339(event.time),
        "datacontenttype": "application/json",
        "dataschema": schema_of(subject),
        "orgpath": event.org_path,
        "recordversion": event.record_version,
        "traceparent": event.traceparent,
        "data": data,
    }


def forgetting(keep_days: int) -> Tick:
    """Events older than `keep_days` leave the feed; the outbox of their service keeps them."""

    async def forget(db: Database, limit: int) -> int:
        async with db.transaction(machine(db.service)) as tx:
            old = select(FeedEvent.position).where(FeedEvent.kept_at < tx.now - timedelta(days=keep_days))
            gone = delete(FeedEvent).where(FeedEvent.position.in_(old.order_by(FeedEvent.position).limit(limit)))
            return len((await tx.execute(gone.returning(FeedEvent.position))).all())

    return Tick("feed_forgets", timedelta(hours=1), forget)
