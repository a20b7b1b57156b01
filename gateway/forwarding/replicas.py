"""The replicas of one service: several addresses, or one name that stands for several, used evenly.

The next request goes to the replica with the fewest under way. Each has a fuse of its own, so that one that is gone
does not take the others with it. Names are looked up again all the time: replicas come and go while the gateway runs.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

from gateway.forwarding.breaker import Breaker
from shared.errors import ServiceUnavailable

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses that a name stands for now. Raises `OSError` where nobody knows."""

LOOK_UP_S = 5.0


class Replica:
    """One process of a service."""

    def __init__(self, address: str, breaker: Breaker | None = None) -> None:
        self.address = address
        self.breaker = breaker or Breaker()
        self.under_way = 0
        self.turn = 0
        """When it was chosen last, counted in choices."""

    def leave(self) -> None:
        """One request less."""
        self.under_way -= 1


class Replicas:
    """Those of one service. `addresses`: base addresses as they were set, a name or a number each."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._set = tuple(one.rstrip("/") for one in addresses)
        self.held = [Replica(one) for one in self._set]
        self._turn = 0

    def choose(self, *, safe: bool, but: Replica | None = None) -> Replica:
        """The one for the next request, which counts as under way there. Raises `ServiceUnavailable`.

        What is tried again after failures is tried by a safe request, which has a second try, as long as others serve.
        """
        if but is None and len(self.held) == 1 and self.held[0].breaker.closed:
            return self._taken(self.held[0])
        open_to = [one for one in self.held if one is not but]
        due = [one for one in open_to if one.breaker.may_probe]
        serving = [one for one in open_to if one.breaker.state == "closed"]
        if due and (safe or not serving):
            serving = due
        if not serving:
            raise ServiceUnavailable()
        return self._taken(min(serving, key=lambda one: (one.under_way, one.turn)))

    def _taken(self, replica: Replica) -> Replica:
        replica.breaker.enter()
        self._turn += 1
        replica.turn = self._turn
        replica.under_way += 1
        return replica

    def instead_of(self, replica: Replica) -> Replica:
        """The one for the second try of a safe request: another where there is one that serves, else the same."""
        replica.leave()
        try:
            other = self.choose(safe=False, but=replica)
        except ServiceUnavailable:
            replica.breaker.left()
            return self._taken(replica)
        replica.breaker.failed(at_once=True)
        return other

    @property
    def several(self) -> bool:
        return len(self.held) > 1

    async def look_up(self, resolve: Resolve) -> None:
        """Take over what the names stand for now. Who is still there keeps its count and its fuse."""
        wanted: dict[str, None] = {}
        for address in self._set:
            wanted |= dict.fromkeys(await _found(address, resolve))
        known = {one.address: one for one in self.held}
        self.held = [known.get(address) or Replica(address) for address in wanted]


async def _found(address: str, resolve: Resolve) -> Sequence[str]:
    """The address itself where it is a number, stands for one replica, or nobody knows the name."""
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return (address,)
    numbers: Sequence[str] = ()
    with suppress(OSError):
        numbers = await resolve(host, port)
    # a certificate is made out to the name, so that the name must stay in the address
    if len(numbers) < 2 or parts.scheme == "https":
        return (address,)
    return [urlunsplit((parts.scheme, f"{_bracketed(one)}:{port}", parts.path, "", "")) for one in numbers]


def _bracketed(number: str) -> str:
    return f"[{number}]" if ":" in number else number


async def resolved(host: str, port: int) -> Sequence[str]:
    """What the system says: one family only, or a replica with two kinds of address would count twice."""
    rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    by_family: dict[int, dict[str, None]] = {}
    for family, _, _, _, place in rows:
        by_family.setdefault(family, {})[str(place[0])] = None
    chosen = by_family.get(socket.AF_INET) or by_family.get(socket.AF_INET6) or {}
    return sorted(chosen)
