"""One attempt: the message to the address that was checked, and what came back. Nothing is kept for the next one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLError

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.webhooks.rules import TargetRefused
from gateway.webhooks.targets import Target, Terms
from shared.events import MEDIA_TYPE

WITHIN_S = 10.0
"""From the look-up of the name to the head of the answer."""
_GONE = 410


@dataclass(frozen=True, slots=True)
class Sent:
    """The answer's status, or why there was none."""

    status: int | None = None
    fault: str | None = None

    @property
    def good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        return self.status == _GONE


class _Found(AbstractResolver):
    """Knows the addresses that were judged, and no other."""

    def __init__(self, addresses: list[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=one,
                port=port,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
                family=socket.AF_INET6 if ":" in one else socket.AF_INET,
            )
            for one in self._addresses
        ]

    async def close(self) -> None:
        return


async def send(terms: Terms, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
    """POST `body`, follow no redirect, and read the head of the answer alone."""
    try:
        async with asyncio.timeout(WITHIN_S):
            target = terms.parsed(url)
            addresses = await terms.addresses(target)
            return await _exchanged(target, addresses, headers, body)
    except TimeoutError:
        return Sent(fault="timeout")
    except TargetRefused as refusal:
        return Sent(fault=str(refusal.members["reason"]))
    except (aiohttp.ClientSSLError, SSLError):
        return Sent(fault="certificate")
    except (aiohttp.ClientConnectorError, OSError):
        return Sent(fault="not_reached")
    except (aiohttp.ClientError, ValueError):
        return Sent(fault="broken_off")


async def _exchanged(target: Target, addresses: list[str], headers: Mapping[str, str], body: bytes) -> Sent:
    # the library asks no resolver about an address in figures: that one was judged as it stands
    connector = aiohttp.TCPConnector(resolver=_Found(addresses), use_dns_cache=False, force_close=True, limit=1)
    client = aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False,
        timeout=aiohttp.ClientTimeout(total=WITHIN_S), headers={"User-Agent": "Anlan-Webhooks/1"},
    )  # fmt: skip
    client._retry_connection = False
    async with client:
        sent = {"Content-Type": MEDIA_TYPE, **headers}
        async with client.post(target.url, data=body, headers=sent, allow_redirects=False) as answer:
            status = answer.status
            answer.close()  # what else it says is of no interest, however long it is
            return Sent(status)
