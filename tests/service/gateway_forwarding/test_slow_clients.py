"""Clients that stop in the middle, and the page that is not for clients."""

from __future__ import annotations

import asyncio
import socket

import pytest

from gateway.forwarding import request_body
from gateway.forwarding.install import metrics_page
from tests.support.forwarding_world import World

PARTIAL = (
    b"POST /v1/claims/uploads HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer agent\r\n"
    b"Content-Length: 100\r\n\r\nonly this"
)


async def test_a_client_that_stops_within_its_body_is_sent_away_and_the_service_is_not_blamed(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(request_body, "CLIENT_IDLE_S", 0.5)
    reader, writer = await asyncio.open_connection("localhost", world.port)
    writer.write(PARTIAL)
    async with asyncio.timeout(5):
        answer = await reader.readline()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert world.app.state.upstreams.of("claims").replicas.held[0].breaker._seen.count(False) == 0


async def test_a_client_that_hangs_up_within_its_body_leaves_no_request_behind(world: World):
    for _ in range(20):
        _, writer = await asyncio.open_connection("localhost", world.port)
        writer.write(PARTIAL)
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.close()
    upstream = world.app.state.upstreams.of("claims")
    async with asyncio.timeout(5):
        while upstream._places._value != 200:  # noqa: ASYNC110 - the semaphore tells nobody
            await asyncio.sleep(0.02)
    assert upstream.replicas.held[0].breaker.state == "closed"
    assert (await world.call("agent", "GET", "/v1/claims")).status_code == 200


async def test_metrics_have_a_port_of_their_own_and_nothing_else_on_it():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    page = await metrics_page("127.0.0.1", port)
    assert page is not None
    found = []
    for path in (b"/metrics", b"/v1/me"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET " + path + b" HTTP/1.1\r\n\r\n")
        found.append(await reader.read())
        writer.close()
    page.close()
    assert found[0].startswith(b"HTTP/1.1 200 OK")
    assert b"gateway_upstream_requests" in found[0]
    assert found[1].startswith(b"HTTP/1.1 404 ")
    assert await metrics_page("127.0.0.1", 0) is None
