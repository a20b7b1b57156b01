"""The body of a request on its way through: counted while it is read, kept whole only where an amount is in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from starlette.types import Message, Receive

from shared.errors import BodyTooLarge, MalformedRequest, Problem

CLIENT_IDLE_S = 30.0
"""How long the next piece of a body may take."""
HELD_BYTES = 64 * 1024
"""A body up to so long is read before its service is asked: a slow client then takes none of the service's places."""


class ClientGone(ConnectionError):
    """Whoever asked has hung up."""


class Patience(Protocol):
    """The time limit of one exchange; it starts again with every piece that moves."""

    def again(self, seconds: float | None = None) -> None:
        """From now on so many seconds more, or as many as were set."""
        ...


class RequestBody:
    """What is still to come of one request, and whether its client is still there."""

    def __init__(self, headers: Sequence[tuple[bytes, bytes]], receive: Receive, max_bytes: int) -> None:
        self._receive = receive
        self.max_bytes = max_bytes
        self.length: int | None = None
        chunked = False
        for name, value in headers:
            if name == b"content-length":
                self.length = int(value)
            elif name == b"transfer-encoding":
                chunked = True
        self.present = bool(self.length) or chunked
        self.failure: Problem | ClientGone | None = None
        """Why the body broke off; the client of the next request only tells that it did."""
        self._kept: bytes | None = None
        self._read: asyncio.Event | None = None
        self._read_whole = False
        if self.length is not None and self.length > max_bytes:
            raise BodyTooLarge(max_bytes=max_bytes)

    @classmethod
    def of(cls, body: bytes) -> RequestBody:
        """A body of our own, whole from the beginning."""

        async def nothing_more() -> Message:
            return {"type": "http.disconnect"}

        made = cls([(b"content-length", str(len(body)).encode())], nothing_more, len(body))
        made._kept = body
        return made

    async def _pieces(self, patience: Patience | None = None) -> AsyncIterator[bytes]:
        size, more = 0, True
        while more:
            if patience is not None:
                patience.again(CLIENT_IDLE_S)
            message = await self._next_message()
            if patience is not None:
                patience.again()
            piece, more = message.get("body", b""), message.get("more_body", False)
            size += len(piece)
            if size > self.max_bytes:
                raise self._broken(BodyTooLarge(max_bytes=self.max_bytes))
            if piece:
                yield piece
        self._read_whole = True
        if self._read is not None:
            self._read.set()

    async def _next_message(self) -> dict:
        try:
            async with asyncio.timeout(CLIENT_IDLE_S - 0.1):
                message = await self._receive()
        except TimeoutError:
            raise self._broken(MalformedRequest()) from None
        if message["type"] == "http.disconnect":
            raise self._broken(ClientGone())
        return dict(message)

    def _broken(self, failure: Problem | ClientGone) -> Problem | ClientGone:
        self.failure = failure
        return failure

    async def whole(self) -> bytes:
        """All of it at once. Raises `BodyTooLarge`."""
        if self._kept is None:
            self._kept = b"".join([piece async for piece in self._pieces()])
        return self._kept

    @property
    def small(self) -> bool:
        """Whether it says that it is short enough to be read first."""
        return self.length is not None and 0 < self.length <= HELD_BYTES

    def onward(self, patience: Patience) -> bytes | AsyncIterator[bytes] | None:
        """What the next request carries; None where there is nothing."""
        if self._kept is not None:
            return self._kept
        return self._pieces(patience) if self.present else None

    async def client_gone(self) -> None:
        """Returns when the client has hung up after its whole request was read."""
        if self.present and not self._read_whole:
            self._read = asyncio.Event()
            await self._read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            continue
