"""How the forwarding becomes part of the gateway's application."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import Request
from fastapi.routing import iter_route_contexts
from prometheus_client import generate_latest

from gateway.forwarding import table
from gateway.forwarding.door import Door
from gateway.forwarding.edge import Edge
from gateway.forwarding.proxy import Forwarding
from gateway.forwarding.rate_limit import Quotas, RateLimit
from gateway.forwarding.table import RouteTable
from gateway.forwarding.upstreams import Upstreams
from gateway.settings import GatewaySettings
from shared.actor import Actor
from shared.service import Application, methods_at

COLLECT = (20_000, 20, 50)
"""Objects made before a look for cycles, and looks before the older ones are looked at again. A request leaves none;
with many under way, the usual 700 has all that they hold looked at again and again."""

Authenticate = Callable[[Request], Awaitable[Actor]]


def counted(authenticate: Authenticate) -> Authenticate:
    """`authenticate` of the gateway's own rooms, each request counted for whoever it is from."""

    async def known(request: Request) -> Actor:
        actor = await authenticate(request)
        request.app.state.rate_limit.count_caller(request.scope, actor)
        return actor

    return known


def install_forwarding(app: Application, settings: GatewaySettings, routes: RouteTable | None = None) -> None:
    """Put the edge before everything and the forwarding behind the gateway's own rooms.

    Wants `app.state.callers`, `matrix` and `signing_key`; adds `upstreams` and `rate_limit`.
    """
    state = app.state
    state.rate_limit = RateLimit(
        Quotas(
            read=settings.rate_read, write=settings.rate_write, machine=settings.rate_machine,
            sign_in=settings.rate_sign_in, source=settings.rate_source,
        )
    )  # fmt: skip
    state.upstreams = Upstreams(settings.service_urls, places=settings.upstream_places)
    known = routes or table.committed()
    door = Door(state.callers, state.rate_limit, state.matrix, state.signing_key, state.db)
    forwarding = Forwarding(known, state.upstreams, door)

    own = [getattr(one, "path", "") for one in iter_route_contexts(app.routes)]

    def methods(path: str) -> set[str]:
        place = known.find(path)
        return methods_at(app, path) | (set() if place is None else set(place.routes))

    # The one exception to "no mounts": whatever no room of the gateway matches is the forwarding's to answer.
    app.router.default = forwarding
    app.router.redirect_slashes = False
    # before the framework, which has nothing to say to what is passed on; behind the frame, so that trace and request
    # id are known
    app.layers.insert(
        0,
        partial(
            Edge, hosts=settings.allowed_hosts, rate_limit=state.rate_limit, callers=lambda: state.callers,
            methods_at=methods, elsewhere=lambda: forwarding, forwards=known.apart_from(own),
        ),
    )  # fmt: skip
    _live_with(app, state.upstreams, settings)


def _live_with(app: Application, upstreams: Upstreams, settings: GatewaySettings) -> None:
    begin = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(within: Application) -> AsyncIterator[Any]:
        async with begin(within) as given:
            await upstreams.open()
            gc.set_threshold(*COLLECT)
            page = await metrics_page(settings.health_host, settings.metrics_port)
            try:
                yield given
            finally:
                if page is not None:
                    page.close()
                await upstreams.close()

    app.router.lifespan_context = lifespan


async def metrics_page(host: str, port: int) -> asyncio.Server | None:
    """`/metrics` on a port of its own; None where `port` is 0."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), 2)
            found = line.split(b" ")[1:2] == [b"/metrics"]
            body = generate_latest() if found else b""
            status = "200 OK" if found else "404 Not Found"
            head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {len(body)}\r\n"
            writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
            await writer.drain()
        except (TimeoutError, ConnectionError):
            return
        finally:
            writer.close()

    return await asyncio.start_server(answer, host, port) if port else None
