"""One connection to a service: one request at a time, its answer as it comes, and a limit on every wait.

Written here because each forwarded request passes it: a client library decides anew, with every request, about cookies,
redirects, encodings and proxies, none of which the gateway has. The parser is the one that reads the clients' requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httptools

MAX_HEAD_BYTES = 64 * 1024
HIGH_WATER = 256 * 1024
"""So much of an answer waits for its client before the service has to wait."""
SHORT_BYTES = 64 * 1024
"""An answer that states no more is waited for whole: services send head and body apart, and each would be a turn."""
_NO_BODY = (204, 304)

Fields = list[tuple[bytes, bytes]]


class NotReached(ConnectionError):
    """No connection could be opened: nothing was sent."""


class BrokenOff(ConnectionError):
    """The connection ended before the answer had."""


class Garbled(Exception):
    """What came is no answer, or one that two readers could read differently."""


class Connection(asyncio.Protocol):
    """Of the pool; `send` begins an exchange, `rest` ends one that came to its clean end.

    Meanwhile it is the answer too: `status`, `fields` (names in lower case), then `take` and `more` for the body.
    """

    def __init__(self, address: str, lost: Callable[[Connection], None]) -> None:
        self.address = address
        self.status = 0
        self.fields: Fields = []
        self.complete = True
        """Whether all of the answer is here; also while nothing is asked."""
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._lost = lost
        self._parser = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._upload: asyncio.Task[None] | None = None
        self._fault: BaseException | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = self._deadline = 0.0
        self._seconds = 0.0
        self._keep, self._headed, self._until_end, self._only_head = True, False, False, False
        self._short = False
        """Whether the rest of an answer whose head is here is waited for."""
        self._head_bytes = self._size = 0
        self._pieces: list[bytes] = []
        self._paused = False

    # --- one exchange -------------------------------------------------------------------------------------------------

    async def send(
        self, head: bytes, body: bytes | AsyncIterator[bytes] | None, *, chunked: bool, only_head: bool, until: float,
        seconds: float,
    ) -> None:  # fmt: skip
        """Returns with the head of the answer, and whatever came with it; with a short one whole, unless the limit or
        the end of the connection comes first.

        `until`: the first limit, a moment of the loop's clock; `seconds`: the next ones, from `again` on. Raises
        `BrokenOff`, `Garbled`, `TimeoutError`, and whatever broke `body` off.
        """
        self.complete, self._headed, self._until_end, self._only_head = False, False, False, only_head
        self._fault, self.fields, self._head_bytes, self._seconds, self._short = None, [], 0, seconds, False
        self._limit(until)
        if self._transport.is_closing():
            raise BrokenOff()
        if body is None or isinstance(body, bytes):
            self._transport.write(head + body if body else head)
        else:
            self._transport.write(head)
            self._upload = self._loop.create_task(self._send_body(body, chunked))
        while not self._headed or (self._short and not self.complete and self._fault is None):
            await self._wait()

    async def _send_body(self, pieces: AsyncIterator[bytes], chunked: bool) -> None:
        try:
            async for piece in pieces:
                self._transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                if self._writable is not None:
                    await self._writable
            if chunked:
                self._transport.write(b"0\r\n\r\n")
        except Exception as fault:
            self._fail(fault)
        else:
            self._upload = None

    def take(self) -> bytes:
        """What of the body is there and was not taken yet."""
        pieces = self._pieces
        if not pieces:
            return b""
        taken = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._pieces, self._size = [], 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return taken

    async def more(self, seconds: float) -> bytes:
        """The next piece of the body, awaited for at most so long; empty at the end.

        Raises `BrokenOff`, `Garbled`, `TimeoutError`.
        """
        while not self._pieces and not self.complete:
            self._limit(self._loop.time() + seconds)
            await self._wait()
        return self.take()

    @property
    def whole(self) -> bool:
        """Whether nothing is left to take."""
        return self.complete and not self._pieces

    @property
    def begun(self) -> bool:
        """Whether there is something to take, or nothing to come."""
        return self.complete or bool(self._pieces)

    def again(self, seconds: float | None = None) -> None:
        """From now on so many seconds more for the head; nothing once it is there."""
        if not self._headed and self._fault is None:
            self._limit(self._loop.time() + (seconds or self._seconds))

    def rest(self, seconds: float) -> bool:
        """Whether the exchange has ended so that the next one may follow; closed where not, and after `seconds`."""
        clean = self.complete and self._keep and self._upload is None and not self._pieces
        if not clean or self._transport.is_closing():
            self.close()
            return False
        self._limit(self._loop.time() + seconds)
        return True

    @property
    def open(self) -> bool:
        return not self._transport.is_closing()

    def close(self) -> None:
        """At once, whatever is under way."""
        self._keep = False
        if self._upload is not None:
            self._upload.cancel()
            self._upload = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._transport.abort()

    # --- waiting ------------------------------------------------------------------------------------------------------

    async def _wait(self) -> None:
        if self._fault is not None:
            raise self._fault
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and self._headed and (self.complete or not self._short) and not waiter.done():
            waiter.set_result(None)

    def _fail(self, fault: BaseException) -> None:
        """Nothing after this counts; an answer that is whole stays whole."""
        self._keep = False
        if self.complete or self._fault is not None:
            return
        self._fault = fault
        if self._waiter is not None and not self._waiter.done():
            # whoever goes on waiting meets the fault
            self._waiter.set_result(None)

    def _limit(self, until: float) -> None:
        """The timer goes on running from one exchange to the next: most limits are never reached."""
        self._deadline = until
        if self._timer is None or until < self._rings_at:
            if self._timer is not None:
                self._timer.cancel()
            self._rings_at, self._timer = until, self._loop.call_at(until, self._rung)

    def _rung(self) -> None:
        self._timer = None
        if self._loop.time() < self._deadline:
            self._limit(self._deadline)
        elif self.complete:
            self.close()
        elif self._short:
            self._short = False
            self._wake()
        else:
            self._fail(TimeoutError())

    # --- what the loop tells ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None and self._headed and self._until_end and not self.complete:
            self.complete, self._keep = True, False
            self._wake()
        self._fail(BrokenOff())
        self.resume_writing()
        if self._timer is not None and self.complete:
            self._timer.cancel()
            self._timer = None
        self._lost(self)

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self.complete:
            # nobody has asked for it: whatever it answers, it is not the next request
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(Garbled())
        if not self._headed:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._fail(Garbled())
        self._wake()

    # --- what the parser tells ----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self.complete:
            raise Garbled()

    def on_header(self, name: bytes, value: bytes) -> None:
        # what comes after the body is told to nobody
        if not self._headed:
            self.fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            if status == 101:
                raise Garbled()
            self.fields = []
            return
        bodiless = self._only_head or status in _NO_BODY
        length, chunked = self._framed()
        self._until_end = length is None and not chunked and not bodiless
        self._short = length is not None and length <= SHORT_BYTES
        self.status, self._headed = status, True
        self._keep = self._parser.should_keep_alive() and not self._until_end
        if self._only_head:
            # the parser does not know what was asked, and waits for a body
            self.complete, self._keep = True, False

    def _framed(self) -> tuple[int | None, bool]:
        """The length that is stated, and whether it comes in chunks. Raises `Garbled` where it says so twice."""
        lengths = [value for name, value in self.fields if name == b"content-length"]
        codings = [value for name, value in self.fields if name == b"transfer-encoding"]
        if len(lengths) + len(codings) > 1 or any(value.strip().lower() != b"chunked" for value in codings):
            raise Garbled()
        if any(not value.strip().isdigit() for value in lengths):
            raise Garbled()
        return (int(lengths[0]) if lengths else None), bool(codings)

    def on_body(self, body: bytes) -> None:
        if self.complete:
            return
        self._pieces.append(body)
        self._size += len(body)
        if self._size > HIGH_WATER and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        if self._headed:
            self.complete = True
