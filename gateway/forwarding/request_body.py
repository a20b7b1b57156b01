"""The body of a request on its way through: counted while it is read, kept whole only where an amount is in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from starlette.types import Message, Receive

from gateway.forwarding.headers import values
from shared.errors import BodyTooLarge, MalformedRequest, Problem

CLIENT_IDLE_S = 30.0
"""How long the next piece of a body may take."""


class ClientGone(ConnectionError):
    """Whoever asked has hung up."""


class Patience:
    """The time limit of one exchange; it starts again with every piece that moves.

    `until`: the first limit as a moment of the loop's clock, where some of the seconds are used up.
    """

    def __init__(self, seconds: float, *, until: float | None = None) -> None:
        self.seconds = seconds
        self._until = until
        self._timeout: asyncio.Timeout | None = None

    async def __aenter__(self) -> Patience:
        self._timeout = asyncio.timeout(self.seconds) if self._until is None else asyncio.timeout_at(self._until)
        await self._timeout.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: object) -> None:
        timeout, self._timeout = self._timeout, None
        if timeout is not None:
            await timeout.__aexit__(kind, fault, trace)  # type: ignore[arg-type]

    def again(self, seconds: float | None = None) -> None:
        """From now on so many seconds more; nothing once the exchange is over."""
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time() + (seconds or self.seconds))


class RequestBody:
    """What is still to come of one request, and whether its client is still there."""

    def __init__(self, headers: Sequence[tuple[bytes, bytes]], receive: Receive, max_bytes: int) -> None:
        self._receive = receive
        self.max_bytes = max_bytes
        declared = values(headers, b"content-length")
        self.length = int(declared[0]) if declared else None
        self.present = bool(self.length) or bool(values(headers, b"transfer-encoding"))
        self.failure: Problem | ClientGone | None = None
        """Why the body broke off; the client of the next request only tells that it did."""
        self._kept: bytes | None = None
        self._read = asyncio.Event()
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

    def onward(self, patience: Patience) -> bytes | AsyncIterator[bytes] | None:
        """What the next request carries; None where there is nothing."""
        if self._kept is not None:
            return self._kept
        return self._pieces(patience) if self.present else None

    async def client_gone(self) -> None:
        """Returns when the client has hung up after its whole request was read."""
        if self.present:
            await self._read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            continue
