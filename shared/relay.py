"""The relay: brings outbox rows to the stream in order, and finds out when the stream has lost some.

One relay per database is active. A row is marked as sent only after the right stream has acknowledged it; a crash in
between sends it again under the same message id. The server acknowledges from memory and disks fail, so the relay also
reads its own stream back (every minute, after every reconnection, and when sequences restart) and sends again what the
outbox calls sent and the stream does not have.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import BigInteger, Row, any_, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from shared.actor import machine
from shared.crashpoints import crashpoint
from shared.event_gaps import note_found, note_sent_again
from shared.leadership import give_way, lead
from shared.messaging import Bus
from shared.outbox import depth, outbox, outgoing, sent_again, waker
from shared.streams import STREAMS, Acknowledged, BusUnreachable, StreamMissing, own_stream

if TYPE_CHECKING:
    from shared.database import Database

log = structlog.get_logger()

BATCH = 500
AUDIT_EVERY_S = 60.0
_MEASURE_EVERY_S = 5.0
_LONGEST_PAUSE_S = 2.0
_READ_BACK = 200

DEPTH = Gauge("anlan_outbox_depth", "Events not yet published", ["service"], multiprocess_mode="livemostrecent")
AGE = Gauge(
    "anlan_outbox_age_seconds", "Age of the oldest unpublished event", ["service"], multiprocess_mode="livemostrecent"
)
SENT = Counter("anlan_outbox_published_total", "Events acknowledged by the stream", ["service"])
GAPS = Counter("anlan_outbox_gaps_total", "Events sent again because the stream had lost them", ["service"])


@dataclass(frozen=True, slots=True)
class Gap:
    """An event that the outbox calls sent and the stream does not have."""

    outbox_id: int
    event_id: UUID
    subject: str
    record_id: UUID
    record_version: int


class Relay:
    """Publishes one database's events. `run()` in the worker; `drain()` where a test wants it done now."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self.database = database
        self.bus = bus
        self._actor = machine(database.service)
        self._audited_at = -AUDIT_EVERY_S
        self._audited_connection = 0
        self._highest = 0
        self._restarted = False
        self._measured_at = -_MEASURE_EVERY_S

    async def run(self) -> None:
        """Publish for ever, while this process leads. Ends only by cancellation."""
        await lead(self.database, "relay", self._work)

    async def drain(self) -> int:
        """Publish everything that is unsent now; answers how many. Raises `BusUnreachable`."""
        await self.bus.open(10)
        total = 0
        while True:
            sent, refused = await self._publish_batch()
            if refused:
                raise BusUnreachable(f"{refused} events of {self.database.service} were not acknowledged")
            if not sent:
                return total
            total += sent

    async def audit(self) -> int:
        """Send again what the stream has lost; answers how many events. Raises `BusUnreachable`, `StreamMissing`."""
        connection = self.bus.connections
        missing = await refill(self.database, self.bus)
        self._audited_at = asyncio.get_running_loop().time()
        self._audited_connection, self._restarted = connection, False
        return missing

    async def _work(self) -> None:
        pause = 0.1
        while True:
            give_way()
            await self.bus.open()
            waker(self.database).clear()
            try:
                if self._audit_is_due():
                    await self.audit()
                sent, refused = await self._publish_batch()
            except (BusUnreachable, StreamMissing) as fault:
                log.info("relay_waits", service=self.database.service, fault=type(fault).__name__)
                sent, refused = 0, 1
            await self._measure()
            if refused:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
                continue
            pause = 0.1
            if sent < BATCH:
                await self._until_woken()

    async def _until_woken(self) -> None:
        """Woken by a commit in this process; commits of other processes are found within a second."""
        try:
            async with asyncio.timeout(random.uniform(0.25, 1.0)):  # noqa: S311 - jitter
                await waker(self.database).wait()
        except TimeoutError:
            return

    def _audit_is_due(self) -> bool:
        age = asyncio.get_running_loop().time() - self._audited_at
        return age >= AUDIT_EVERY_S or self._restarted or self._audited_connection != self.bus.connections

    async def _publish_batch(self) -> tuple[int, int]:
        """Publish the oldest unsent rows; answers how many were acknowledged and how many were not."""
        if not self.bus.connected:
            return 0, 1
        unsent = select(outbox).where(outbox.c.sent_at.is_(None)).order_by(outbox.c.id).limit(BATCH)
        async with self.database.transaction(self._actor) as tx:
            # The lock on the rows is a second belt: should two relays ever be active, they do not share a batch.
            rows = (await tx.execute(unsent.with_for_update(skip_locked=True))).all()
            if not rows:
                return 0, 0
            crashpoint("outbox.after_commit")
            try:
                answers = await self.bus.publish([outgoing(row) for row in rows])
            except BusUnreachable:
                return 0, len(rows)
            crashpoint("outbox.after_puback")
            sent = [row.id for row, answer in zip(rows, answers, strict=True) if answer is not None]
            await tx.execute(update(outbox).where(_among(sent)).values(sent_at=tx.now))
        self._compare_sequences(answers)
        SENT.labels(self.database.service).inc(len(sent))
        return len(sent), len(rows) - len(sent)

    def _compare_sequences(self, answers: Sequence[Acknowledged | None]) -> None:
        """A new message below a sequence already seen: the stream was rolled back or made anew."""
        fresh = [answer.sequence for answer in answers if answer is not None and not answer.duplicate]
        if fresh:
            self._restarted = self._restarted or min(fresh) <= self._highest
            self._highest = max(fresh)

    async def _measure(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._measured_at < _MEASURE_EVERY_S:
            return
        self._measured_at = now
        waiting = await depth(self.database)
        DEPTH.labels(self.database.service).set(waiting.events)
        AGE.labels(self.database.service).set(waiting.age_s)


def _among(ids: Sequence[int]) -> Any:
    return outbox.c.id == any_(literal(list(ids), ARRAY(BigInteger)))


async def refill(database: Database, bus: Bus, *, whole: bool = False) -> int:
    """Send again what the stream has lost, and keep what was found; answers how many events.

    `whole` as in `gaps`. Raises `BusUnreachable`, `StreamMissing`.
    """
    missing = await gaps(database, bus, whole=whole)
    await note_found(database, missing)
    if missing:
        log.warning("outbox_gap", service=database.service, events=len(missing))
        await send_again(database, bus, [gap.outbox_id for gap in missing])
        await note_sent_again(database, missing)
        GAPS.labels(database.service).inc(len(missing))
    return len(missing)


async def send_again(database: Database, bus: Bus, ids: Sequence[int]) -> None:
    """Publish these outbox rows, oldest first, under new message ids. Raises `BusUnreachable`."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), BATCH):
        query = select(outbox).where(_among(ordered[start : start + BATCH])).order_by(outbox.c.id)
        async with database.transaction(machine(database.service)) as tx:
            rows = (await tx.execute(query)).all()
        if None in await bus.publish([sent_again(row) for row in rows]):
            raise BusUnreachable("an event sent again was not acknowledged")


async def replay(database: Database, bus: Bus, after_id: int = 0, *, until_id: int | None = None) -> int:
    """Send the events with `after_id` < id ≤ `until_id` again, for a stream made anew or a new consumer.

    Answers their number. Whoever has seen an event drops it by its id. Raises `BusUnreachable` where the stream does
    not take an event; begin again from there (`last_sent` in the message).
    """
    done = 0
    while True:
        query = select(outbox).where(outbox.c.id > after_id).order_by(outbox.c.id).limit(BATCH)
        if until_id is not None:
            query = query.where(outbox.c.id <= until_id)
        async with database.transaction(machine(database.service)) as tx:
            rows = (await tx.execute(query)).all()
        if not rows:
            return done
        answers = await bus.publish([sent_again(row) for row in rows])
        if None in answers:
            raise BusUnreachable(f"last_sent={rows[answers.index(None)].id - 1}")
        done += len(rows)
        after_id = rows[-1].id


class _Tail:
    """The event ids of a stream, read from its end backwards as far as they are asked for."""

    def __init__(self, bus: Bus, stream: str) -> None:
        self._bus = bus
        self._stream = stream
        self._next: int | None = None
        self.ids: set[UUID] = set()

    async def look_for(self, wanted: set[UUID]) -> None:
        """Read back until all `wanted` were met, the beginning is reached, or many times as much has been read.

        The last is a bound, not a proof: what lies still deeper counts as lost and is sent once more, which nobody
        applies twice.
        """
        left = 4 * len(wanted) + 1_000
        if self._next is None:
            last = await self._bus.stored(self._stream)
            self._next = last[0] if last else 0
        while self._next > 0 and left > 0 and not wanted <= self.ids:
            left -= await self._read_chunk(self._next)

    async def _read_chunk(self, newest: int) -> int:
        sequences = range(newest, max(0, newest - _READ_BACK), -1)
        found = await asyncio.gather(*(self._bus.stored(self._stream, sequence) for sequence in sequences))
        bodies = [message[1] for message in found if message is not None]
        self.ids.update(filter(None, map(_event_id, bodies)))
        self._next = newest - len(sequences) if bodies else 0
        return len(sequences)


def _event_id(body: bytes) -> UUID | None:
    try:
        return UUID(json.loads(body)["id"])
    except (ValueError, TypeError, KeyError):
        return None


async def gaps(database: Database, bus: Bus, *, whole: bool = False) -> list[Gap]:
    """What is missing between outbox and stream, oldest first.

    From the newest event backwards until a whole batch is there; with `whole` through everything that the stream should
    still hold. Raises `BusUnreachable`, `StreamMissing`.
    """
    stream = own_stream(database.service)
    tail = _Tail(bus, stream)
    found: list[Gap] = []
    before: int | None = None
    while True:
        # Rows first, stream afterwards: what is marked as sent by now must be there by then.
        rows = await _sent_before(database, before, STREAMS[stream])
        if not rows:
            break
        await tail.look_for({row.event_id for row in rows})
        lost = [row for row in rows if row.event_id not in tail.ids]
        found += [Gap(row.id, row.event_id, row.subject, row.record_id, row.record_version) for row in lost]
        if not lost and not whole:
            break
        before = rows[-1].id
    return sorted(found, key=lambda gap: gap.outbox_id)


async def _sent_before(database: Database, before: int | None, keep_s: float) -> Sequence[Row[Any]]:
    """The next older batch of sent events, newest first, as far as the stream keeps them (less a day)."""
    columns = (outbox.c.id, outbox.c.event_id, outbox.c.subject, outbox.c.record_id, outbox.c.record_version)
    query = select(*columns).where(outbox.c.sent_at.is_not(None)).order_by(outbox.c.id.desc()).limit(BATCH)
    if before is not None:
        query = query.where(outbox.c.id < before)
    async with database.transaction(machine(database.service)) as tx:
        if keep_s:
            query = query.where(outbox.c.created_at > tx.now - timedelta(seconds=keep_s) + timedelta(days=1))
        return (await tx.execute(query)).all()
