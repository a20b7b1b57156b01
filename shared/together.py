"""Several events in one transaction, for consumers that say they can: most of what an event costs is its transaction.

All or nothing: where anything fails, nothing has happened, and each event is taken by itself, where its failure is
counted. So a batch changes no guarantee, only the price.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from shared.crashpoints import crashpoint
from shared.events import Consumer, Received
from shared.inbox import LONGEST_EFFECT_S, Arrival, Inbox
from shared.leadership import name_of
from shared.telemetry import continue_trace

if TYPE_CHECKING:
    from shared.database import Transaction

log = structlog.get_logger()

_NEW = text(
    "insert into inbox (consumer, event_id, received_at) select :consumer, one, :now from unnest(:ids) as one"
    " on conflict do nothing returning event_id"
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))


class EffectsLeftMore(RuntimeError):
    """A consumer staged events or audit entries: those belong to the trace and transaction of one event."""


async def in_turn(tx: Transaction, events: Sequence[tuple[Consumer, Received[Any]]]) -> None:
    """One effect after the other, none of which sees what another has in its session.

    For consumers that write rows of the event's own record and wait for no row that events of other records write:
    the locks of all last until the commit of all.
    """
    for consumer, event in events:
        with continue_trace(event.traceparent):
            await consumer.handler(tx, event)
            await tx.flush()
        tx.session.expunge_all()
        if tx.scope != tx.actor.scope:
            await tx.use_scope(tx.actor.scope)


def goes_together(inbox: Inbox, arrival: Arrival) -> bool:
    """Whether every consumer of this event can take it together with others."""
    found = inbox.consumers_of(arrival.subject)
    return arrival.event is not None and bool(found) and all(one.together for one in found)


async def take_together(inbox: Inbox, arrivals: Sequence[Arrival]) -> bool:
    """Apply these events, all of which go together, in one transaction and in their order, each exactly once.

    False where nothing has happened, whatever the reason; never raises for a fault of an event or the database.
    """
    try:
        async with asyncio.timeout(LONGEST_EFFECT_S), inbox.database.transaction(inbox.actor) as tx:
            new = await _new(inbox, tx, arrivals)
            for together, events in groupby(_read(inbox, arrivals, new), key=lambda one: one[0].together):
                if together is not None:
                    await together(tx, list(events))
            if tx.has_staged:
                raise EffectsLeftMore
            crashpoint("inbox.before_commit")
    except Exception as failure:
        log.info("taken_one_by_one", service=inbox.name, events=len(arrivals), reason=name_of(failure))
        return False
    crashpoint("inbox.after_commit")
    return True


async def _new(inbox: Inbox, tx: Transaction, arrivals: Sequence[Arrival]) -> set[UUID]:
    ids = [one.event_id for one in arrivals]
    return set((await tx.execute(_NEW, {"consumer": inbox.name, "ids": ids, "now": tx.now})).scalars())


def _read(inbox: Inbox, arrivals: Sequence[Arrival], new: set[UUID]) -> Iterator[tuple[Consumer, Received[Any]]]:
    for arrival in arrivals:
        if arrival.event is None or arrival.event_id not in new:
            continue
        new.remove(arrival.event_id)  # the same event may have come twice
        for consumer in inbox.consumers_of(arrival.subject):
            yield consumer, consumer.read(arrival.event)
