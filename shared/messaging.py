"""NATS JetStream: the only module that knows the client library.

A deployable connects with its own NKEY and an inbox prefix of its own, publishes to its own stream, reads that stream's
messages back by sequence, and declares its own durable on the streams it listens to. Streams are declared by the
bootstrap user alone. A publish that the server refuses shows up as a timeout plus a line in the log (`nats_error`):
without that line a missing permission looks like an outage.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from shared.pulling import NO_RESPONDERS, Pull
from shared.streams import (
    STREAMS,
    Acknowledged,
    Backlog,
    BusUnreachable,
    DurableMissing,
    Outgoing,
    ServerTooOld,
    StreamMissing,
    durable_of,
    limits_of,
    refuse_old_server,
    stream_of,
)

log = structlog.get_logger()

_WAIT_S = 5.0
_STREAM_NOT_FOUND = 10059

_FAULTS = (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError)


@contextmanager
def _translated(missing: Exception) -> Iterator[None]:
    """The client library's faults as ours; `missing` where the server does not know what was asked for."""
    try:
        yield
    except nats.js.errors.NotFoundError as unknown:
        raise missing from unknown
    except nats.js.errors.ServiceUnavailableError as gone:
        raise missing from gone
    except _FAULTS as fault:
        raise BusUnreachable(type(fault).__name__) from fault


class Delivery:
    """One message, to be acknowledged by its consumer."""

    def __init__(self, message: Msg) -> None:
        self._message = message
        self.subject = message.subject
        self.body = message.data
        self.message_id = (message.headers or {}).get("Nats-Msg-Id", "")
        self.tries = message.metadata.num_delivered

    async def acknowledge(self, *, wait: bool = True) -> bool:
        """Acknowledge and wait for the server's word; False if that did not come (the message comes again)."""
        with suppress(*_FAULTS):
            await (self._message.ack_sync(timeout=2) if wait else self._message.ack())
            return True
        return False

    async def again_in(self, seconds: float) -> None:
        """Ask for the message again after `seconds`, 0: at once. Should that get lost, it comes after `ACK_WAIT_S`."""
        with suppress(*_FAULTS):
            await self._message.nak(delay=seconds)

    async def give_up(self) -> None:
        """Never deliver the message again; should that get lost, it comes once more and is given up again."""
        with suppress(*_FAULTS):
            await self._message.term()


class Bus:
    """One connection of one deployable. It reconnects for ever, and opens anew if the server closed it."""

    def __init__(self, url: str, *, name: str, seed: str = "") -> None:
        self.name = name
        self.connections = 0
        """Counts up with every connection made; whoever sees it change looks whether the stream is still whole."""
        self._url = url
        self._seed = seed.strip()
        self._client: Client | None = None
        self._jetstream: JetStreamContext | None = None
        self._opening = asyncio.Lock()
        self._logged: dict[str, float] = {}

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    async def open(self, wait_s: float | None = None) -> None:
        """Connect, waiting as long as the server is away (at most `wait_s` seconds: `BusUnreachable`).

        Raises `ServerTooOld`.
        """
        async with self._opening:
            if self._client is not None and not self._client.is_closed:
                return
            client = Client()
            options: dict[str, Any] = {"nkeys_seed_str": self._seed} if self._seed else {}
            try:
                async with asyncio.timeout(wait_s):
                    await client.connect(
                        self._url,
                        name=self.name,
                        inbox_prefix=f"_INBOX_{self.name}",
                        max_reconnect_attempts=-1,
                        reconnect_time_wait=0.25,  # pyright: ignore[reportArgumentType] - seconds, used as a float
                        connect_timeout=2,
                        ping_interval=4,
                        max_outstanding_pings=2,
                        error_cb=self._note_error,
                        reconnected_cb=self._reconnected,
                        **options,
                    )
                refuse_old_server(str(client.connected_server_version))
            except BaseException as fault:
                await client.close()
                if isinstance(fault, TimeoutError):
                    raise BusUnreachable("no server") from fault
                raise
            self._client, self._jetstream = client, client.jetstream(timeout=_WAIT_S)
            self.connections += 1

    async def close(self) -> None:
        if self._client is not None and not self._client.is_closed:
            await self._client.close()

    async def ping(self) -> None:
        """A round trip. Raises `BusUnreachable` where the server does not answer within 2 s."""
        with _translated(BusUnreachable()):
            await self._require()._nc.flush(timeout=2)

    async def publish(self, batch: Sequence[Outgoing]) -> list[Acknowledged | None]:
        """Publish all of `batch` at once and wait up to 5 s; None where the right stream did not acknowledge.

        Raises `BusUnreachable` where nothing was sent.
        """
        jetstream = self._require()
        sent: list[asyncio.Future[Any]] = []
        for one in batch:
            headers = {**one.headers, "Nats-Msg-Id": one.message_id}
            try:
                stream = stream_of(one.subject)
                sent.append(await jetstream.publish_async(one.subject, one.body, _WAIT_S, stream, headers))
            except _FAULTS as fault:
                await self._note_error(fault)
                break
        if sent:
            await asyncio.wait(sent, timeout=_WAIT_S)
        answers: list[Acknowledged | None] = [
            await self._answer(future, one) for future, one in zip(sent, batch, strict=False)
        ]
        return answers + [None] * (len(batch) - len(answers))

    async def _answer(self, future: asyncio.Future[Any], one: Outgoing) -> Acknowledged | None:
        if not future.done():
            future.cancel()
            return None
        if (fault := future.exception()) is not None:
            await self._note_error(fault)
            return None
        ack = future.result()
        if ack.stream != stream_of(one.subject):
            log.error("nats_wrong_stream", subject=one.subject, stream=ack.stream)
            return None
        return Acknowledged(ack.stream, ack.seq, bool(ack.duplicate))

    async def ensure_durable(self, stream: str, subjects: Sequence[str]) -> None:
        """Declare this deployable's durable on `stream`; the same again changes nothing.

        Raises `StreamMissing`, `BusUnreachable`.
        """
        with _translated(StreamMissing(stream)):
            await self._require().add_consumer(stream, **durable_of(self.name, subjects))

    async def pull(self, stream: str) -> Pull[Delivery]:
        """Bind to this deployable's durable on `stream`; never creates one. Raises `BusUnreachable`."""
        arrived = asyncio.Queue[tuple[str, Delivery | None]]()

        async def note(message: Msg) -> None:
            status = (message.headers or {}).get("Status", "")
            arrived.put_nowait((status, None if status else Delivery(message)))

        with _translated(DurableMissing(stream)):
            client = self._require()._nc
            inbox = client.new_inbox()
            subscription = await client.subscribe(inbox, cb=note)

        async def ask(request: bytes) -> None:
            with _translated(DurableMissing(stream)):
                await self._require()._nc.publish(_next_of(stream, self.name), request, reply=inbox)

        async def stop() -> None:
            with suppress(*_FAULTS):
                async with asyncio.timeout(2):
                    await subscription.drain()

        return Pull(arrived, ask, stop)

    async def available(self, stream: str) -> AsyncIterator[Delivery]:
        """The messages that are there now, one after the other, without waiting for more. Raises as `Pull.fetch`."""
        # where all messages wait for somebody's acknowledgement the server may say nothing: then there is none now
        with _translated(DurableMissing(stream)), suppress(nats.errors.TimeoutError):
            client, inbox = self._require()._nc, self._require()._nc.new_inbox()
            answers = await client.subscribe(inbox)
            try:
                while True:
                    await client.publish(_next_of(stream, self.name), b'{"batch":1,"no_wait":true}', reply=inbox)
                    message = await answers.next_msg(_WAIT_S)
                    status = (message.headers or {}).get("Status")
                    if status == NO_RESPONDERS:
                        raise DurableMissing(stream)
                    if status is not None:
                        return
                    yield Delivery(message)
            finally:
                await answers.unsubscribe()

    async def backlog(self, stream: str) -> Backlog:
        """What this deployable's durable on `stream` has before it. Raises `DurableMissing`, `BusUnreachable`."""
        with _translated(DurableMissing(stream)):
            info = await self._require().consumer_info(stream, self.name)
        return Backlog(info.num_pending or 0, info.num_ack_pending or 0, info.num_redelivered or 0)

    async def stored(self, stream: str, sequence: int | None = None) -> tuple[int, bytes] | None:
        """The message of `stream` at `sequence`, or its last one: sequence and body; None where there is none.

        Sequences are used again after a roll-back, so only the event id in the body says what it is.
        Raises `StreamMissing`, `BusUnreachable`.
        """
        with _translated(StreamMissing(stream)):
            try:
                found = await self._require().get_msg(stream, sequence, None if sequence else f"{stream.lower()}.>")
            except nats.js.errors.NotFoundError as unknown:
                if unknown.err_code == _STREAM_NOT_FOUND:
                    raise
                return None
        return found.seq or 0, found.data or b""

    def _require(self) -> JetStreamContext:
        if self._jetstream is None or not self.connected:
            raise BusUnreachable("not connected")
        return self._jetstream

    async def _reconnected(self) -> None:
        self.connections += 1
        log.info("nats_reconnected", name=self.name)
        try:
            refuse_old_server(str(self._client.connected_server_version) if self._client else "")
        except ServerTooOld as old:
            log.error("nats_server_too_old", name=self.name, fault=str(old))
            await self.close()

    async def _note_error(self, fault: BaseException) -> None:
        """One short line per kind of fault and 10 seconds: a server away for a minute is not 240 lines."""
        line = f"{type(fault).__name__}: {str(fault)[:200]}"
        now = time.monotonic()
        if now - self._logged.get(line, -60.0) >= 10:
            self._logged = {known: at for known, at in self._logged.items() if now - at < 10} | {line: now}
            log.warning("nats_error", name=self.name, fault=line)


def _next_of(stream: str, durable: str) -> str:
    return f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"


async def declare_streams(url: str, seed: str, *, max_bytes: int = 1 << 30, wait_s: float = 30) -> None:
    """Declare the six streams as the bootstrap user; running again changes limits, never messages.

    `max_bytes` per stream is reserved on the server's disk. A full stream refuses, and the outbox keeps the event.
    """
    bus = Bus(url, name="boot", seed=seed)
    await bus.open(wait_s)
    try:
        jetstream = bus._require()
        for name, age in STREAMS.items():
            limits = limits_of(name, age, max_bytes)
            try:
                await jetstream.add_stream(**limits)
            except nats.js.errors.BadRequestError:
                await jetstream.update_stream(**limits)
    finally:
        await bus.close()
