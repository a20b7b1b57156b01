"""The services behind the gateway: a bounded number of requests at a time for each, fuses, and no memory.

Nothing of one caller is kept for the next: no cookies, no redirects followed, no proxies from the environment. Only
GET and HEAD are tried a second time, and only where the connection failed and nothing was answered.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from prometheus_client import Counter, Gauge
from yarl import URL

from gateway.forwarding.replicas import LOOK_UP_S, Replica, Replicas, Resolve, resolved
from gateway.forwarding.request_body import Patience, RequestBody
from shared.errors import ServiceUnavailable, UpstreamTimeout

CONNECT_S = 2.0
KEEPALIVE_S = 15.0
PLACES = 200
QUEUE_S = 1.0

_FAILURES = Counter("gateway_upstream_failures", "Requests that a service did not answer", ["service", "reason"])
_BUSY = Gauge("gateway_upstream_requests", "Requests under way", ["service"], multiprocess_mode="livesum")

_NOT_REACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_CONNECTION_FAILED = (*_NOT_REACHED, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)
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

    @property
    def safe(self) -> bool:
        """Whether it may be sent twice."""
        return self.method in ("GET", "HEAD")


class Upstream:
    """One service: its replicas behind a bounded number of places."""

    def __init__(
        self, name: str, addresses: Iterable[str], session: Callable[[], aiohttp.ClientSession], *,
        places: int = PLACES,
    ) -> None:  # fmt: skip
        self.name = name
        self.replicas = Replicas(addresses)
        self._session = session
        self._places = asyncio.Semaphore(places)
        self._most_waiting = places
        self._waiting = 0
        self._busy = _BUSY.labels(name)

    async def _enter(self) -> None:
        """Take one of the service's places; who would wait longer than a moment is sent away."""
        if self._places.locked():
            if self._waiting >= self._most_waiting:
                raise self._refused("full")
            self._waiting += 1
            try:
                async with asyncio.timeout(QUEUE_S):
                    await self._places.acquire()
            except TimeoutError:
                raise self._refused("full") from None
            finally:
                self._waiting -= 1
        else:
            await self._places.acquire()
        self._busy.inc()

    def _leave(self) -> None:
        self._busy.dec()
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
        await self._enter()
        try:
            response, replica = await self._answered(request)
            try:
                yield response
            finally:
                replica.leave()
                # what was not read to its end leaves a connection that nobody else may use
                response.release() if response.content.at_eof() else response.close()
        finally:
            self._leave()

    async def _answered(self, request: NextRequest) -> tuple[aiohttp.ClientResponse, Replica]:
        """The head, and who gave it; a safe request whose connection failed is tried once more."""
        replica = self.replicas.choose(safe=request.safe)
        until = asyncio.get_running_loop().time() + request.timeout_s
        try:
            response = await self._head(replica, request, until)
        except _CONNECTION_FAILED as fault:
            if not request.safe:
                raise self._failed(replica, fault) from None
            replica = self.replicas.instead_of(replica)
            try:
                response = await self._head(replica, request, until)
            except _CONNECTION_FAILED as again:
                raise self._failed(replica, again) from None
        replica.breaker.succeeded()
        return response, replica

    def _failed(self, replica: Replica, fault: Exception) -> ServiceUnavailable:
        not_reached = isinstance(fault, _NOT_REACHED)
        replica.leave()
        replica.breaker.failed(at_once=not_reached and self.replicas.several)
        return self._refused("not_reached" if not_reached else "broken_off")

    async def _head(self, replica: Replica, request: NextRequest, until: float) -> aiohttp.ClientResponse:
        """One try. Whatever but a failed connection ends it is told here, and the replica is left."""
        patience = Patience(request.timeout_s, until=until)
        try:
            async with patience:
                return await self._send(replica, request, patience)
        except _CONNECTION_FAILED:
            if request.body is None or request.body.failure is None:
                raise
            raise self._not_its_fault(replica, request.body.failure) from None
        except TimeoutError:
            replica.leave()
            replica.breaker.failed()
            _FAILURES.labels(self.name, "timeout").inc()
            raise UpstreamTimeout() from None
        except aiohttp.ClientError as fault:
            if request.body is not None and request.body.failure is not None:
                raise self._not_its_fault(replica, request.body.failure) from None
            raise self._failed(replica, fault) from None
        except BaseException as ended:
            raise self._not_its_fault(replica, ended) from None

    def _not_its_fault(self, replica: Replica, reason: BaseException) -> BaseException:
        replica.leave()
        replica.breaker.left()
        return reason

    async def _send(self, replica: Replica, request: NextRequest, patience: Patience) -> aiohttp.ClientResponse:
        headers = list(request.headers)
        data = None if request.body is None else request.body.onward(patience)
        if request.body is not None and data is not None and not isinstance(data, bytes) and request.body.length:
            headers.append(("Content-Length", str(request.body.length)))
        return await self._session().request(
            request.method, URL(replica.address + request.target, encoded=True), headers=headers, data=data,
            allow_redirects=False, skip_auto_headers=_SKIPPED,
        )  # fmt: skip


class Upstreams:
    """All services that this gateway knows addresses of; opened and closed with the application."""

    def __init__(
        self, addresses: Mapping[str, str | Sequence[str]], *, places: int = PLACES, resolve: Resolve = resolved,
        look_up_s: float = LOOK_UP_S,
    ) -> None:  # fmt: skip
        self._client: aiohttp.ClientSession | None = None
        self._resolve = resolve
        self._look_up_s = look_up_s
        self._looking: asyncio.Task[None] | None = None
        self.services = {
            name: Upstream(name, [told] if isinstance(told, str) else told, self._opened, places=places)
            for name, told in sorted(addresses.items())
        }

    def _opened(self) -> aiohttp.ClientSession:
        if self._client is None:
            raise ServiceUnavailable()
        return self._client

    async def open(self) -> None:
        """Inside the loop that serves."""
        client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, limit_per_host=0, keepalive_timeout=KEEPALIVE_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            auto_decompress=False,
            raise_for_status=False,
            trust_env=False,
        )
        # the library would send a PUT or DELETE twice after a broken connection; whether it had its effect is unknown
        client._retry_connection = False
        self._client = client
        await self.look_up()
        self._looking = asyncio.create_task(self._keep_looking(), name="upstreams")

    async def look_up(self) -> None:
        """Take over what every service's names stand for now."""
        await asyncio.gather(*(one.replicas.look_up(self._resolve) for one in self.services.values()))

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._look_up_s)
            await self.look_up()

    async def close(self) -> None:
        client, self._client = self._client, None
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
        if client is not None:
            await client.close()

    def of(self, service: str) -> Upstream:
        """Raises `ServiceUnavailable` where no address is set."""
        found = self.services.get(service)
        if found is None:
            raise ServiceUnavailable()
        return found

    async def ask(
        self, service: str, target: str, headers: Sequence[tuple[str, str]], timeout_s: float, *,
        body: bytes | None = None,
    ) -> Any:  # fmt: skip
        """The JSON answer of a service's internal view, whole within the time; with `body` it is a POST.

        Raises as `exchange`, also for any other status.
        """
        until = asyncio.get_running_loop().time() + timeout_s
        own = None if body is None else RequestBody.of(body)
        request = NextRequest("GET" if own is None else "POST", target, headers, timeout_s, own)
        async with self.of(service).exchange(request) as response:
            try:
                async with asyncio.timeout_at(until):
                    body = await response.read()
            except (TimeoutError, aiohttp.ClientError):
                raise UpstreamTimeout() from None
            if response.status != 200:
                raise ServiceUnavailable()
            return json.loads(body)
