"""Which addresses a webhook may go to: looked at when it is registered, and again at every connection.

A name may stand for another address by then. So the connection goes to the very address that was found and judged, and
one private address among several refuses the name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gateway.webhooks.rules import Address, Network, TargetRefused, is_public
from shared.errors import Fault

LOOK_UP_S = 5.0
PORTS = {"https": 443, "http": 80}

LookUp = Callable[[str, int], Awaitable[Sequence[str]]]


async def look_up(host: str, port: int) -> Sequence[str]:
    """Every address of the name. Raises `OSError`."""
    async with asyncio.timeout(LOOK_UP_S):
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


@dataclass(frozen=True, slots=True)
class Target:
    """A web address in its parts."""

    url: str
    scheme: str
    host: str
    port: int


@dataclass(frozen=True)
class Terms:
    """What this installation allows; `look_up` asks the name service."""

    http: bool = False
    networks: Sequence[Network] = ()
    look_up: LookUp = field(default=look_up)

    def parsed(self, url: str) -> Target:
        """Raises `TargetRefused` for what is not plainly a web address of an allowed kind."""
        try:
            parts = urlsplit(url)
            port = parts.port or PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise refused("not_an_address") from None
        plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
        if not plain or not parts.hostname or "@" in parts.netloc or parts.fragment:
            raise refused("not_an_address")
        if parts.scheme != "https" and not self.http:
            raise refused("not_https")
        return Target(url, parts.scheme, parts.hostname.rstrip("."), port)

    async def addresses(self, target: Target) -> list[str]:
        """The addresses of the target, every one of them allowed. Raises `TargetRefused`."""
        try:
            found = sorted(set(await self.look_up(target.host, target.port)))
        except (OSError, UnicodeError):
            raise refused("not_found") from None
        if not found:
            raise refused("not_found")
        if not all(is_public(one, self.networks) for one in map(_address, found)):
            raise refused("not_public")
        return found

    async def check(self, url: str) -> None:
        """Raises `TargetRefused`."""
        await self.addresses(self.parsed(url))


def _address(text: str) -> Address:
    return ipaddress.ip_address(text.partition("%")[0])


def refused(reason: str) -> TargetRefused:
    return TargetRefused(Fault(TargetRefused.code, TargetRefused.detail, pointer="#/url"), reason=reason)
