"""Fetching without losing: what the server has sent waits in a queue of our own, whatever becomes of the fetch.

The client library's own fetch collects a batch in a local variable; ended in the middle, it loses what it had, and
those messages are out until the acknowledgement wait is over. Here at most one request is open at a time, its messages
go to a queue as they come, and what nobody has fetched when the subscription ends is given back at once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from shared.streams import DurableMissing

_LATE_S = 0.5
"""How much later than its end the server's word about a request may come."""

NO_RESPONDERS = "503"


class Returnable(Protocol):
    """A message that can be given back."""

    async def again_in(self, seconds: float) -> None: ...


M = TypeVar("M", bound=Returnable)


class Pull(Generic[M]):
    """A bound pull subscription."""

    def __init__(
        self,
        arrived: asyncio.Queue[tuple[str, M | None]],
        ask: Callable[[bytes], Awaitable[None]],
        stop: Callable[[], Awaitable[None]],
    ) -> None:
        self._arrived = arrived
        self._ask = ask
        self._stop = stop
        self._wanted = 0
        self._open_until = 0.0

    async def fetch(self, batch: int, wait_s: float) -> list[M]:
        """Up to `batch` messages, as soon as there are any; none after about `wait_s` seconds (≤ 5).

        Raises `DurableMissing` when the durable or its stream is gone, `BusUnreachable` when the connection is.
        """
        now = asyncio.get_running_loop().time()
        if self._arrived.empty() and now >= self._open_until:
            self._wanted, self._open_until = batch, now + wait_s
            await self._ask(json.dumps({"batch": batch, "expires": int(wait_s * 1_000_000_000)}).encode())
        try:
            async with asyncio.timeout(max(0.0, self._open_until - now) + _LATE_S):
                messages = self._read(*await self._arrived.get())
        except TimeoutError:
            self._open_until = 0.0
            return []
        while len(messages) < batch and not self._arrived.empty():
            messages += self._read(*self._arrived.get_nowait())
        return messages

    def _read(self, status: str, message: M | None) -> list[M]:
        if status == NO_RESPONDERS:
            self._open_until = 0.0
            raise DurableMissing
        if message is not None:
            self._wanted -= 1
        if status or self._wanted <= 0:
            self._open_until = 0.0  # the request is over: filled, run out, or refused
        return [] if message is None else [message]

    async def close(self) -> None:
        """Stop, and give back at once what has arrived and was not fetched."""
        await self._stop()
        while not self._arrived.empty():
            _, message = self._arrived.get_nowait()
            if message is not None:
                await message.again_in(0)
