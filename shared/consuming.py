"""Consuming: fetch, keep the order of each record's events, apply, acknowledge.

One durable per stream, named like the service. Messages go to lanes by their record, and a lane is a queue, so events
of one record are applied in order; a record whose event failed waits, its later events with it, while everything else
flows. The message is acknowledged after the commit of its effect; what is delivered twice is found in the inbox. Events
that wait in a lane share a transaction where their consumers can (`shared/together.py`). While the service's own
database is away nothing is fetched and nothing is counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import text

from shared.events import Consumer
from shared.inbox import Arrival, Inbox, Outcome, Taken, open_dead_letters
from shared.leadership import give_way, lead, name_of
from shared.messaging import Bus, Delivery
from shared.pulling import Pull
from shared.streams import BusUnreachable, DurableMissing, StreamMissing
from shared.together import goes_together, take_together
from shared.turns import Turns

if TYPE_CHECKING:
    from shared.database import Database

log = structlog.get_logger()

LANES = 4
PAUSES_S = (1.0, 4.0, 15.0, 60.0)
"""Before the second to the fifth try of a failed event."""

_BATCH = 64
_TOGETHER = 32
"""Events of a lane in one transaction at most; as many wait in its queue meanwhile."""

_FETCH_S = 4.0
_GATHER_S = 0.1
"""How long an event that may share a transaction waits for company where there is none."""

_WATCHDOG_S = 30.0
_WAITING_TURN_S = 2.0
_MEASURE_EVERY_S = 10.0
_REBUILD_PAUSE_S = 1.0

_LOST = (DurableMissing, StreamMissing, BusUnreachable)
_ALIVE = text("select 1")

LAG = Gauge("anlan_consumer_lag", "Events not yet applied", ["service", "stream"], multiprocess_mode="livemostrecent")
DEAD_LETTERS = Gauge(
    "anlan_dead_letters_open", "Dead letters that wait", ["service"], multiprocess_mode="livemostrecent"
)
REDELIVERIES = Counter("anlan_redeliveries_total", "Messages delivered more than once", ["service", "stream"])
REBUILDS = Counter("anlan_subscriptions_rebuilt_total", "Subscriptions bound anew", ["service", "stream", "why"])

Queue = asyncio.Queue[tuple[Delivery, Arrival]]


class Consumers:
    """One service's consumers. `run()` in the worker; `drain()` where a test wants everything applied now."""

    def __init__(
        self, database: Database, bus: Bus, consumers: Sequence[Consumer], *,
        lanes: int = LANES, pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:  # fmt: skip
        self.database = database
        self.bus = bus
        self.inbox = Inbox(database, consumers)
        self._lanes = lanes
        self._pauses = tuple(pauses_s)
        self._turns = Turns()
        self._usable = asyncio.Event()
        self._usable.set()

    async def run(self) -> None:
        """Consume for ever, while this process leads: two at once would mix up the order. Ends only by cancellation."""
        await lead(self.database, "consumers", self._work)

    async def redrive(self, dead_letter_id: int) -> bool:
        """Apply a dead letter now; see `Inbox.redrive`."""
        return await self.inbox.redrive(dead_letter_id)

    async def drain(self, *, wait_s: float = 10.0, strict: bool = True) -> int:
        """Apply everything that the streams hold for this service; answers how many events had their effect now.

        `strict` raises the first failure of a handler at once; without it failures are retried with their pauses, up to
        `wait_s` (`TimeoutError`). Raises `StreamMissing`, `BusUnreachable`.
        """
        await self.bus.open(10)
        deadline = _now() + wait_s
        for stream, subjects in self.inbox.filters.items():
            await self.bus.ensure_durable(stream, subjects)
        applied = 0
        while True:
            quiet = True
            for stream in self.inbox.filters:
                applied += await self._drain_stream(stream, strict=strict)
                backlog = await self.bus.backlog(stream)
                quiet = quiet and backlog.waiting == 0 and backlog.unacknowledged == 0
            if quiet:
                return applied
            if _now() > deadline:
                raise TimeoutError(f"{self.inbox.name} did not become quiet within {wait_s} s")
            await asyncio.sleep(0.02)

    async def _drain_stream(self, stream: str, *, strict: bool) -> int:
        applied = 0
        async for delivery in self.bus.available(stream):
            taken = await self._handle(delivery, Arrival.of(delivery.subject, delivery.body))
            if strict and taken.failure is not None:
                raise taken.failure
            applied += taken.outcome is Outcome.APPLIED
        return applied

    async def _work(self) -> None:
        self._turns.clear()
        self._usable.set()
        queues = [Queue(_TOGETHER) for _ in range(self._lanes)]
        try:
            async with asyncio.TaskGroup() as group:
                for queue in queues:
                    group.create_task(self._lane(queue))
                for stream, subjects in self.inbox.filters.items():
                    group.create_task(self._source(stream, subjects, queues))
                group.create_task(self._measure())
        finally:
            # Whoever leads next gets what was fetched and not begun at once, not after the acknowledgement wait.
            for queue in queues:
                while not queue.empty():
                    await queue.get_nowait()[0].again_in(0)

    async def _source(self, stream: str, subjects: Sequence[str], queues: Sequence[Queue]) -> None:
        """Fetch from one stream for ever; bind anew after every loss, and when nothing has come for 30 s."""
        while True:
            give_way()
            try:
                pull = await self._bind(stream, subjects)
            except _LOST as fault:
                self._note_rebuild(stream, type(fault).__name__)
                await asyncio.sleep(_REBUILD_PAUSE_S)
                continue
            try:
                self._note_rebuild(stream, await self._fetch_from(pull, stream, queues))
            finally:
                await pull.close()

    async def _fetch_from(self, pull: Pull[Delivery], stream: str, queues: Sequence[Queue]) -> str:
        """Fetch while the subscription seems sound; answers why it does not any more."""
        heard, connection = _now(), self.bus.connections
        while True:
            give_way()
            await self._usable.wait()
            try:
                arrived = await pull.fetch(_BATCH, _FETCH_S)
                if not arrived:
                    # A request sent into a silent connection could still be answered there, to nobody, when the
                    # server wakes up, and its messages would be out for the whole acknowledgement wait.
                    await self.bus.ping()
            except _LOST as fault:
                await asyncio.sleep(_REBUILD_PAUSE_S)
                return type(fault).__name__
            heard = _now() if arrived else heard
            await self._route(stream, deque(arrived), queues)
            if connection != self.bus.connections:
                return "reconnected"
            if _now() - heard > _WATCHDOG_S:
                return "silent"

    async def _route(self, stream: str, arrived: deque[Delivery], queues: Sequence[Queue]) -> None:
        """Put each message into the lane of its record; what finds no place because we are to end goes back at once."""
        try:
            while arrived:
                give_way()
                delivery = arrived[0]
                arrival = Arrival.of(delivery.subject, delivery.body)
                await queues[hash(arrival.key) % len(queues)].put((delivery, arrival))
                arrived.popleft()
                if delivery.tries > 1:
                    REDELIVERIES.labels(self.inbox.name, stream).inc()
        finally:
            for delivery in arrived:
                await delivery.again_in(0)

    async def _bind(self, stream: str, subjects: Sequence[str]) -> Pull[Delivery]:
        await self.bus.open()
        await self.bus.ensure_durable(stream, subjects)
        return await self.bus.pull(stream)

    def _note_rebuild(self, stream: str, why: str) -> None:
        REBUILDS.labels(self.inbox.name, stream, why).inc()
        log.debug("subscription_rebuilt", service=self.inbox.name, stream=stream, why=why)

    async def _lane(self, queue: Queue) -> None:
        waiting: deque[tuple[Delivery, Arrival]] = deque()
        try:
            while True:
                give_way()
                waiting.append(await queue.get())
                if queue.empty() and self._may_share(*waiting[0]):
                    await asyncio.sleep(_GATHER_S)
                while not queue.empty() and len(waiting) < _TOGETHER:
                    waiting.append(queue.get_nowait())
                while waiting:
                    give_way()
                    await self._work_off(waiting)
        finally:
            for delivery, _ in waiting:
                await delivery.again_in(0)

    async def _work_off(self, waiting: deque[tuple[Delivery, Arrival]]) -> None:
        """Apply the first ones together where they can be, otherwise one after the other; what is done is taken off."""
        first = list(takewhile(lambda one: self._may_share(*one), waiting))
        if len(first) > 1 and await take_together(self.inbox, [arrival for _, arrival in first]):
            for delivery, _ in first[:-1]:
                await delivery.acknowledge(wait=False)
            # the connection is read from its beginning to its end: the server's word about the last one is enough
            if not await first[-1][0].acknowledge():
                log.info("acknowledgement_lost", service=self.inbox.name, events=len(first))
            for _ in first:
                waiting.popleft()
            return
        for _ in range(len(first) or 1):
            give_way()
            while (await self._handle(*waiting[0])).outcome is Outcome.UNAVAILABLE:
                give_way()
                # The same message again, so that the next one of its record does not overtake it.
                await self._until_usable()
            waiting.popleft()

    def _may_share(self, delivery: Delivery, arrival: Arrival) -> bool:
        """What came before goes alone: it may have failed, and then its failures are to be forgotten."""
        return delivery.tries == 1 and not self._turns.waits_for(arrival) and goes_together(self.inbox, arrival)

    async def _handle(self, delivery: Delivery, arrival: Arrival) -> Taken:
        """Apply one message in its record's turn, and tell the stream what became of it."""
        if not self._turns.has_turn(arrival):
            await delivery.again_in(_WAITING_TURN_S)
            return Taken(Outcome.WAITS)
        taken = await self.inbox.take(arrival, again=delivery.tries > 1)
        if taken.outcome in (Outcome.APPLIED, Outcome.SEEN):
            self._turns.release(arrival)
            if not await delivery.acknowledge():
                log.info("acknowledgement_lost", service=self.inbox.name, event_id=str(arrival.event_id))
        elif taken.outcome is Outcome.DEAD:
            self._turns.release(arrival)
            await delivery.give_up()
        elif taken.outcome is Outcome.FAILED:
            pause = self._pauses[min(taken.tries, len(self._pauses)) - 1]
            self._turns.hold(arrival, pause)
            await delivery.again_in(pause)
        return taken

    async def _until_usable(self) -> None:
        """Stop all fetching until the database answers; one lane asks, the others wait for it."""
        if not self._usable.is_set():
            await self._usable.wait()
            return
        self._usable.clear()
        pause = 0.5
        try:
            while not await self._database_answers():
                give_way()
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
        finally:
            self._usable.set()

    async def _database_answers(self) -> bool:
        await asyncio.sleep(0.2)
        try:
            async with asyncio.timeout(5), self.database.connect() as connection:
                await connection.execute(_ALIVE)
        except Exception as fault:
            log.debug("database_away", service=self.inbox.name, fault=name_of(fault))
            return False
        return True

    async def _measure(self) -> None:
        while True:
            give_way()
            await asyncio.sleep(_MEASURE_EVERY_S)
            try:
                DEAD_LETTERS.labels(self.inbox.name).set(await open_dead_letters(self.database))
                for stream in self.inbox.filters:
                    backlog = await self.bus.backlog(stream)
                    LAG.labels(self.inbox.name, stream).set(backlog.waiting + backlog.unacknowledged)
            except Exception as fault:
                log.debug("lag_unknown", service=self.inbox.name, fault=name_of(fault))


def _now() -> float:
    return asyncio.get_running_loop().time()
