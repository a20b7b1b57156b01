"""Connections to services that are kept for the next request, by address.

As many are open as requests are under way, and those that have just ended theirs: whoever bounds the one bounds both.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from functools import lru_cache, partial
from urllib.parse import urlsplit

from gateway.forwarding.connection import Connection, NotReached

CONNECT_S = 2.0
KEEPALIVE_S = 15.0
"""Shorter than a service keeps its side open, so that no request meets a connection that is about to close."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads. `named`: what the `Host` field says; `path`: what goes before every target."""

    host: str
    port: int
    named: bytes
    path: str
    secure: bool


@lru_cache(maxsize=1024)
def place_of(address: str) -> Place:
    """The parts of a base address."""
    parts = urlsplit(address)
    secure = parts.scheme == "https"
    named = parts.netloc.rpartition("@")[2].encode("idna" if not parts.netloc.isascii() else "ascii")
    return Place(parts.hostname or "", parts.port or (443 if secure else 80), named, parts.path.rstrip("/"), secure)


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


class Pool:
    """All connections of one gateway process."""

    def __init__(self) -> None:
        self._idle: dict[str, list[Connection]] = {}
        self._open: set[Connection] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def time(self) -> float:
        """The clock of the loop; to ask which loop runs, with every request, would be a call to the system."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop.time()

    async def connection(self, address: str, until: float) -> Connection:
        """The one used last, or a new one. Raises `NotReached`; `TimeoutError` where `until` is over."""
        idle = self._idle.get(address)
        while idle:
            found = idle.pop()
            if found.open:
                return found
        return await self._connected(address, until)

    async def _connected(self, address: str, until: float) -> Connection:
        place, loop = place_of(address), asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(min(until, loop.time() + CONNECT_S)):
                _, made = await loop.create_connection(
                    partial(Connection, address, self._lost), place.host, place.port,
                    ssl=_trusted() if place.secure else None,
                )  # fmt: skip
        except TimeoutError as fault:
            if loop.time() >= until:
                raise
            raise NotReached() from fault
        except (OSError, UnicodeError) as fault:
            raise NotReached() from fault
        self._open.add(made)
        return made

    def release(self, used: Connection) -> None:
        """After an exchange: kept where it came to a clean end, closed otherwise."""
        if used.rest(KEEPALIVE_S):
            self._idle.setdefault(used.address, []).append(used)

    def _lost(self, gone: Connection) -> None:
        self._open.discard(gone)
        idle = self._idle.get(gone.address)
        if idle is not None and gone in idle:
            idle.remove(gone)
        if not idle:
            self._idle.pop(gone.address, None)

    def close(self) -> None:
        """All of them, whatever is under way."""
        for one in list(self._open):
            one.close()
        self._open.clear()
        self._idle.clear()
