"""The live feed: server-sent events for as long as the sign-in lasts, and no longer.

One task for each process looks whether the feed has grown while anybody listens; each stream then reads what its own
caller may see. A stream holds no connection of the database while it waits. It goes on where `Last-Event-ID` says,
says something every 10 seconds, and ends when the sign-in ends, when the caller acts under another appointment, when
the reader does not take what is sent, and after an hour, so that a client always knows how to come back.
"""

from __future__ import annotations

import asyncio
import json
import signal
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from types import FrameType
from typing import Any, TypeVar
from uuid import UUID

import structlog
from fastapi import FastAPI, Request
from prometheus_client import Gauge
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.feed import queries
from gateway.feed.tables import FeedEvent
from gateway.identity.callers import Caller, Callers
from shared.actor import Actor, machine
from shared.database import Database
from shared.errors import Problem, RateLimited

log = structlog.get_logger()

MAY = "organisation.event.read"
HEARTBEAT_S = 10.0
CHECK_S = 2.0
"""How long after the end of a sign-in nobody has told of its stream may live on."""
LOOK_S = 0.5
SEND_S = 20.0
LONGEST_S = 3600.0
BATCH = 100
READERS = 3
"""Streams that read at the same time; the pool belongs to the requests."""

_STOPPING = (signal.SIGTERM, signal.SIGINT)

T = TypeVar("T")

_OPEN = Gauge("gateway_streams", "Open streams of events", multiprocess_mode="livesum")


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Await `work`; asked to stop meanwhile, stop after it: a transaction that is broken off costs its connection."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


class Live:
    """The streams of this process: at most `per_person` for each person, `most` in all."""

    def __init__(self, db: Database, callers: Callers, *, per_person: int, most: int) -> None:
        self.db = db
        self.callers = callers
        self.reading = asyncio.Semaphore(READERS)
        self.ending = asyncio.Event()
        """Set where the process is about to end: every stream closes, and its client resumes elsewhere."""
        self._per_person = per_person
        self._most = most
        self._open: Counter[UUID] = Counter()
        self._head = 0
        self._moved = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    async def stream(self, caller: Caller, last_event_id: str | None) -> EventStream:
        """A stream of what happens from now on, or after `last_event_id`. Raises `CursorInvalid`, `RateLimited`."""
        async with self.db.transaction(caller.actor) as tx:
            position = await queries.position_after(tx, last_event_id) if last_event_id else await queries.head(tx)
        person = caller.person.id
        if self._open[person] >= self._per_person or self._open.total() >= self._most:
            raise RateLimited(retry_after=5)
        self._open[person] += 1
        _OPEN.inc()
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="feed")
        return EventStream(self, caller, position)

    def leave(self, person_id: UUID) -> None:
        """The stream has ended; the last one ends the looking."""
        self._open[person_id] -= 1
        if self._open[person_id] <= 0:
            del self._open[person_id]
        _OPEN.dec()
        if not self._open and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    @property
    def head(self) -> int:
        """Where the feed ended when somebody looked last."""
        return self._head

    async def moved(self, seen: int, wait_s: float) -> None:
        """Return as soon as the feed goes beyond `seen`, or after `wait_s` seconds."""
        if self._head != seen:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._moved.wait()

    async def _look(self) -> None:
        actor = machine(self.db.service)
        while True:
            try:
                found = await to_its_end(self._newest(actor))
            except Problem as fault:
                log.warning("feed_unseen", code=fault.code)
                found = self._head
            if found != self._head:
                self._head = found
                self._moved.set()
                self._moved = asyncio.Event()
            await asyncio.sleep(LOOK_S)

    async def _newest(self, actor: Actor) -> int:
        async with self.db.transaction(actor) as tx:
            return await queries.head(tx)


class EventStream(Response):
    """`text/event-stream`, written as events arrive."""

    media_type = "text/event-stream"

    def __init__(self, live: Live, caller: Caller, position: int) -> None:
        super().__init__(None, 200, {"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._live = live
        self._caller = caller
        self._position = position

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = [asyncio.create_task(self._pump(send)), asyncio.create_task(self._gone(receive))]
        parts.append(asyncio.create_task(self._live.ending.wait()))  # type: ignore[arg-type]
        try:
            await asyncio.wait(parts, timeout=LONGEST_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            ended = await asyncio.gather(*parts, return_exceptions=True)
            self._live.leave(self._caller.person.id)
        if isinstance(ended[0], Exception):
            log.info("stream_ended", fault=type(ended[0]).__name__)
        with suppress(TimeoutError, OSError):
            await self._send(send, b": end\n\n", more=False)

    async def _gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue

    async def _pump(self, send: Send) -> None:
        """Write until the caller may not listen any more, or does not take it."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(SEND_S):
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await self._send(send, b": begin\n\n")
        told, seen = loop.time(), -1
        while await self._may_go_on():
            if self._live.head != seen:
                seen = self._live.head
                while rows := await to_its_end(self._rows()):
                    await self._send(send, b"".join(written(row) for row in rows))
                    told = loop.time()
            if loop.time() - told >= HEARTBEAT_S:
                await self._send(send, b": alive\n\n")
                told = loop.time()
            await self._live.moved(seen, CHECK_S)

    async def _may_go_on(self) -> bool:
        try:
            self._caller = await to_its_end(self._live.callers.again(self._caller))
        except Problem:
            return False
        return self._caller.actor.may(MAY)

    async def _rows(self) -> list[FeedEvent]:
        async with self._live.reading, self._live.db.transaction(self._caller.actor) as tx:
            rows = list(await queries.events_after(tx, self._position, BATCH))
        if rows:
            self._position = rows[-1].position
        return rows

    async def _send(self, send: Send, body: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(SEND_S):
            await send({"type": "http.response.body", "body": body, "more_body": more})


def written(row: FeedEvent) -> bytes:
    """The event as a server-sent one: where it happened and to what; the record tells the rest."""
    data = {"id": str(row.record_id), "type": row.type, "recordversion": row.record_version}
    return f"id: {row.event_id}\nevent: {row.type}\ndata: {json.dumps(data)}\n\n".encode()


def end_with_process(app: FastAPI) -> None:
    """Close every stream as soon as the process is asked to stop: the server waits for what is under way, and a stream
    would be so for an hour.
    """
    begin = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(within: FastAPI) -> AsyncIterator[Any]:
        loop = asyncio.get_running_loop()

        def end() -> None:
            if getattr(app.state, "live", None) is not None:
                app.state.live.ending.set()

        with told_before(_STOPPING, lambda: loop.call_soon_threadsafe(end)):
            async with begin(within) as given:
                yield given

    app.router.lifespan_context = lifespan


@contextmanager
def told_before(signals: Sequence[signal.Signals], tell: Callable[[], object]) -> Iterator[None]:
    """Call `tell` at these signals, before whoever handles them already; nothing where nobody does."""
    mine = threading.current_thread() is threading.main_thread()
    held = {one: before for one in signals if mine and callable(before := signal.getsignal(one))}

    def told(number: int, frame: FrameType | None) -> None:
        tell()
        held[signal.Signals(number)](number, frame)

    for one in held:
        signal.signal(one, told)
    try:
        yield
    finally:
        for one, before in held.items():
            if signal.getsignal(one) is told:
                signal.signal(one, before)


def live_of(request: Request) -> Live:
    """The streams of this process, made when the first one is wanted."""
    state = request.app.state
    if getattr(state, "live", None) is None:
        chosen = state.settings
        state.live = Live(
            state.db, state.callers, per_person=chosen.streams_per_person, most=chosen.streams_per_process
        )
    return state.live
