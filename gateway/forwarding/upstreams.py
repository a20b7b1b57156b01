"""The services behind the gateway: a bounded number of requests at a time for each, fuses, and no memory.

Nothing of one caller is kept for the next: no cookies, no redirects followed, no proxies from the environment. Only
GET and HEAD are tried a second time, and only where the connection failed and nothing was answered.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from prometheus_client import Counter, Gauge

from gateway.forwarding.connection import BrokenOff, Connection, Fields, Garbled, NotReached
from gateway.forwarding.pool import Pool, place_of
from gateway.forwarding.replicas import LOOK_UP_S, Replica, Replicas, Resolve, resolved
from gateway.forwarding.request_body import RequestBody
from shared.errors import MalformedRequest, ServiceUnavailable, UpstreamTimeout

PLACES = 200
QUEUE_S = 1.0

_FAILURES = Counter("gateway_upstream_failures", "Requests that a service did not answer", ["service", "reason"])
_BUSY = Gauge("gateway_upstream_requests", "Requests under way", ["service"], multiprocess_mode="livesum")

_CONNECTION_FAILED = (NotReached, BrokenOff)


@dataclass(slots=True)
class NextRequest:
    """What is sent to a service; nobody changes it."""

    method: str
    target: str
    """Path and query, escaped."""
    headers: Fields
    timeout_s: float
    body: RequestBody | None = None

    @property
    def body_length(self) -> int | None:
        """In bytes; None where only its end tells."""
        return None if self.body is None else self.body.length

    @property
    def safe(self) -> bool:
        """Whether it may be sent twice."""
        return self.method in ("GET", "HEAD")


def _head(request: NextRequest, address: str, framing: bytes) -> bytes:
    """The bytes before the body. Raises `MalformedRequest` where a field would end its own line."""
    place = place_of(address)
    lines = [f"{request.method} {place.path}{request.target} HTTP/1.1\r\nhost: ".encode("ascii"), place.named]
    for name, value in request.headers:
        lines += (b"\r\n", name, b": ", value)
    head = b"".join((*lines, framing, b"\r\n\r\n"))
    ends = 3 + len(request.headers) + (1 if framing else 0)
    if head.count(b"\n") != ends or head.count(b"\r") != ends or b"\0" in head:
        raise MalformedRequest()
    return head


class Exchange:
    """One request to one service: `async with` gives the head of the answer, its body is read inside the block."""

    __slots__ = ("_answer", "_replica", "_request", "_upstream")

    def __init__(self, upstream: Upstream, request: NextRequest) -> None:
        self._upstream = upstream
        self._request = request

    async def __aenter__(self) -> Connection:
        upstream = self._upstream
        await upstream.enter()
        try:
            self._answer, self._replica = await upstream.answered(self._request)
        except BaseException:
            upstream.leave()
            raise
        return self._answer

    async def __aexit__(self, *_: object) -> None:
        self._replica.leave()
        # what was not read to its end leaves a connection that nobody else may use
        self._upstream.pool.release(self._answer)
        self._upstream.leave()


class Upstream:
    """One service: its replicas behind a bounded number of places."""

    def __init__(
        self, name: str, addresses: Iterable[str], pool: Pool, *, places: int = PLACES,
    ) -> None:  # fmt: skip
        self.name = name
        self.replicas = Replicas(addresses)
        self.pool = pool
        self._places = asyncio.Semaphore(places)
        self._most_waiting = places
        self._waiting = 0
        self._busy = _BUSY.labels(name)

    async def enter(self) -> None:
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

    def leave(self) -> None:
        self._busy.dec()
        self._places.release()

    def _refused(self, reason: str) -> ServiceUnavailable:
        _FAILURES.labels(self.name, reason).inc()
        return ServiceUnavailable()

    def exchange(self, request: NextRequest) -> Exchange:
        """The exchange of this request; its places and its connection are given back whatever happens within.

        To enter it raises `ServiceUnavailable` (not reachable, broken off, full, left alone), `UpstreamTimeout` (no
        answer in time), and whatever broke the request's own body off (`BodyTooLarge`, `ClientGone`).
        """
        return Exchange(self, request)

    async def answered(self, request: NextRequest) -> tuple[Connection, Replica]:
        """The head, and who gave it; a safe request whose connection failed is tried once more."""
        replica = self.replicas.choose(safe=request.safe)
        until = self.pool.time() + request.timeout_s
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
        not_reached = isinstance(fault, NotReached)
        replica.leave()
        replica.breaker.failed(at_once=not_reached and self.replicas.several)
        return self._refused("not_reached" if not_reached else "broken_off")

    async def _head(self, replica: Replica, request: NextRequest, until: float) -> Connection:
        """One try. Whatever but a failed connection ends it is told here, and the replica is left."""
        try:
            return await self._send(replica, request, until)
        except _CONNECTION_FAILED:
            if request.body is None or request.body.failure is None:
                raise
            raise self._not_its_fault(replica, request.body.failure) from None
        except TimeoutError:
            replica.leave()
            replica.breaker.failed()
            _FAILURES.labels(self.name, "timeout").inc()
            raise UpstreamTimeout() from None
        except Garbled as fault:
            raise self._failed(replica, fault) from None
        except BaseException as ended:
            raise self._not_its_fault(replica, ended) from None

    def _not_its_fault(self, replica: Replica, reason: BaseException) -> BaseException:
        replica.leave()
        replica.breaker.left()
        return reason

    async def _send(self, replica: Replica, request: NextRequest, until: float) -> Connection:
        connection = await self.pool.connection(replica.address, until)
        try:
            body = None if request.body is None else request.body.onward(connection)
            length = 0 if body is None else len(body) if isinstance(body, bytes) else request.body_length
            chunked = length is None
            framing = b"" if request.safe and not length and not chunked else _framing(length)
            await connection.send(
                _head(request, replica.address, framing), body, chunked=chunked, only_head=request.method == "HEAD",
                until=until, seconds=request.timeout_s,
            )  # fmt: skip
        except BaseException:
            connection.close()
            raise
        return connection


def _framing(length: int | None) -> bytes:
    return b"\r\ntransfer-encoding: chunked" if length is None else b"\r\ncontent-length: %d" % length


class Upstreams:
    """All services that this gateway knows addresses of; opened and closed with the application."""

    def __init__(
        self, addresses: Mapping[str, str | Sequence[str]], *, places: int = PLACES, resolve: Resolve = resolved,
        look_up_s: float = LOOK_UP_S,
    ) -> None:  # fmt: skip
        self._pool = Pool()
        self._serving = False
        self._resolve = resolve
        self._look_up_s = look_up_s
        self._looking: asyncio.Task[None] | None = None
        self.services = {
            name: Upstream(name, [told] if isinstance(told, str) else told, self._pool, places=places)
            for name, told in sorted(addresses.items())
        }

    async def open(self) -> None:
        """Inside the loop that serves."""
        self._serving = True
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
        self._serving = False
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
        self._pool.close()

    def of(self, service: str) -> Upstream:
        """Raises `ServiceUnavailable` where no address is set."""
        found = self.services.get(service)
        if found is None or not self._serving:
            raise ServiceUnavailable()
        return found

    async def ask(
        self, service: str, target: str, headers: Sequence[tuple[str, str]], timeout_s: float, *,
        body: bytes | None = None,
    ) -> Any:  # fmt: skip
        """The JSON answer of a service's internal view, whole within the time; with `body` it is a POST.

        Raises as `exchange`, also for any other status.
        """
        status, found = await self.answer(service, target, headers, timeout_s, body=body)
        if status != 200:
            raise ServiceUnavailable()
        return found

    async def answer(
        self, service: str, target: str, headers: Sequence[tuple[str, str]], timeout_s: float, *,
        body: bytes | None = None,
    ) -> tuple[int, Any]:  # fmt: skip
        """Status and JSON of whatever the service answers. Raises as `exchange`."""
        until = asyncio.get_running_loop().time() + timeout_s
        own = None if body is None else RequestBody.of(body)
        pairs = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers]
        request = NextRequest("GET" if own is None else "POST", target, pairs, timeout_s, own)
        async with self.of(service).exchange(request) as got:
            try:
                async with asyncio.timeout_at(until):
                    text = await _whole(got, timeout_s)
            except (TimeoutError, BrokenOff, Garbled):
                raise UpstreamTimeout() from None
            if got.status >= 500:
                raise ServiceUnavailable()
            return got.status, json.loads(text or b"null")


async def _whole(answer: Connection, seconds: float) -> bytes:
    pieces = [answer.take()]
    while not answer.complete:
        pieces.append(await answer.more(seconds))
    pieces.append(answer.take())
    return b"".join(pieces)
