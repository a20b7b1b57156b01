"""The services behind the gateway: one address each, a bounded number of requests at a time, a fuse, and no memory.

Nothing of one caller is kept for the next: no cookies, no redirects followed, no proxies from the environment. Only
GET and HEAD are tried a second time, and only where nothing was answered.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from prometheus_client import Counter, Gauge
from yarl import URL

from gateway.forwarding.breaker import Breaker
from gateway.forwarding.request_body import ClientGone, Patience, RequestBody
from shared.errors import ServiceUnavailable, UpstreamTimeout

CONNECT_S = 2.0
KEEPALIVE_S = 15.0
PLACES = 200
QUEUE_S = 1.0

_FAILURES = Counter("gateway_upstream_failures", "Requests that a service did not answer", ["service", "reason"])
_BUSY = Gauge("gateway_upstream_requests", "Requests under way", ["service"], multiprocess_mode="livesum")

_NOT_REACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_SKIPPED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


@dataclass(frozen=True, slots=True)
class NextRequest:
    """What is sent to a service."""

    method: str
    target: str
    """Path and query, escaped."""
    headers: Sequence[tuple[str, str]]
    timeout_s: float
    body: RequestBody | None = None


class Upstream:
    """One service."""

    def __init__(
        self, name: str, address: str, session: Callable[[], aiohttp.ClientSession], *, places: int = PLACES,
        breaker: Breaker | None = None,
    ) -> None:  # fmt: skip
        self.name = name
        self.address = address.rstrip("/")
        self.breaker = breaker or Breaker()
        self._session = session
        self._places = asyncio.Semaphore(places)
        self._most_waiting = places
        self._waiting = 0

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """One of the service's places; who would wait longer than a moment is sent away (`ServiceUnavailable`)."""
        if self._places.locked() and self._waiting >= self._most_waiting:
            raise self._refused("full")
        self._waiting += 1
        try:
            async with asyncio.timeout(QUEUE_S):
                await self._places.acquire()
        except TimeoutError:
            raise self._refused("full") from None
        finally:
            self._waiting -= 1
        try:
            with _BUSY.labels(self.name).track_inprogress():
                yield
        finally:
            self._places.release()

    def _refused(self, reason: str) -> ServiceUnavailable:
        _FAILURES.labels(self.name, reason).inc()
        return ServiceUnavailable()

    @asynccontextmanager
    async def exchange(self, request: NextRequest) -> AsyncIterator[aiohttp.ClientResponse]:
        """The head of the answer; its body is read inside the block.

        Raises `ServiceUnavailable` (not reachable, broken off, full, left alone), `UpstreamTimeout` (no answer in
        time), and whatever broke the request's own body off (`BodyTooLarge`, `ClientGone`).
        """
        async with self._place():
            self.breaker.enter()
            try:
                response = await self._head(request)
            except (ServiceUnavailable, UpstreamTimeout):
                self.breaker.failed()
                raise
            except BaseException:
                self.breaker.left()
                raise
            self.breaker.succeeded()
            try:
                yield response
            finally:
                # what was not read to its end leaves a connection that nobody else may use
                response.release() if response.content.at_eof() else response.close()

    async def _head(self, request: NextRequest) -> aiohttp.ClientResponse:
        patience, safe = Patience(request.timeout_s), request.method in ("GET", "HEAD")
        try:
            async with patience:
                try:
                    return await self._send(request, patience)
                except _NOT_REACHED:
                    if not safe:
                        raise
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                    if not safe:
                        raise
                return await self._send(request, patience)
        except _NOT_REACHED:
            raise self._refused("not_reached") from None
        except TimeoutError:
            _FAILURES.labels(self.name, "timeout").inc()
            raise UpstreamTimeout() from None
        except (aiohttp.ClientError, ClientGone) as fault:
            if request.body is not None and request.body.failure is not None:
                raise request.body.failure from None
            if isinstance(fault, ClientGone):
                raise
            raise self._refused("broken_off") from None

    async def _send(self, request: NextRequest, patience: Patience) -> aiohttp.ClientResponse:
        headers = list(request.headers)
        data = None if request.body is None else request.body.onward(patience)
        if request.body is not None and data is not None and not isinstance(data, bytes) and request.body.length:
            headers.append(("Content-Length", str(request.body.length)))
        return await self._session().request(
            request.method, URL(self.address + request.target, encoded=True), headers=headers, data=data,
            allow_redirects=False, skip_auto_headers=_SKIPPED,
        )  # fmt: skip


class Upstreams:
    """All services that this gateway knows the address of; opened and closed with the application."""

    def __init__(self, addresses: Mapping[str, str], *, places: int = PLACES) -> None:
        self._client: aiohttp.ClientSession | None = None
        self.services = {
            name: Upstream(name, address, self._opened, places=places) for name, address in sorted(addresses.items())
        }

    def _opened(self) -> aiohttp.ClientSession:
        if self._client is None:
            raise ServiceUnavailable()
        return self._client

    async def open(self) -> None:
        """Inside the loop that serves."""
        client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, limit_per_host=PLACES, keepalive_timeout=KEEPALIVE_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            auto_decompress=False,
            raise_for_status=False,
            trust_env=False,
        )
        # the library would send a PUT or DELETE twice after a broken connection; whether it had its effect is unknown
        client._retry_connection = False
        self._client = client

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def of(self, service: str) -> Upstream:
        """Raises `ServiceUnavailable` where no address is set."""
        found = self.services.get(service)
        if found is None:
            raise ServiceUnavailable()
        return found

    async def ask(self, service: str, target: str, headers: Sequence[tuple[str, str]], timeout_s: float) -> Any:
        """The JSON answer of a service's internal view, whole within the time.

        Raises as `exchange`, also for any other status.
        """
        until = asyncio.get_running_loop().time() + timeout_s
        async with self.of(service).exchange(NextRequest("GET", target, headers, timeout_s)) as response:
            try:
                async with asyncio.timeout_at(until):
                    body = await response.read()
            except (TimeoutError, aiohttp.ClientError):
                raise UpstreamTimeout() from None
            if response.status != 200:
                raise ServiceUnavailable()
            return json.loads(body)
