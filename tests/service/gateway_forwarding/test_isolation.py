"""One service in trouble is that service's trouble: the others answer as if nothing were the matter."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from aiohttp import web

from gateway.forwarding.replicas import Replicas
from tests.support.forwarding_world import StandIn, World
from tests.support.tokens import actor


async def answered_in(world: World, count: int) -> list[float]:
    """Seconds that each of so many reads of the other service took, one after the other."""
    found = []
    for _ in range(count):
        start = time.perf_counter()
        assert (await world.call("underwriter", "GET", "/v1/policies")).status_code == 200
        found.append(time.perf_counter() - start)
    return found


async def test_a_service_that_hangs_fills_its_own_places_and_no_others(world: World):
    release = asyncio.Event()

    async def hangs(_request: web.Request) -> web.Response:
        await release.wait()
        return web.json_response({})

    world.register.knows("underwriter", actor("underwriter", "00.32"))
    world.claims.behaviour = hangs
    upstream = world.app.state.upstreams.of("claims")
    upstream._places, upstream._most_waiting = asyncio.Semaphore(5), 5
    hanging = [asyncio.create_task(world.call("agent", "GET", "/v1/claims", timeout=20)) for _ in range(30)]
    async with asyncio.timeout(5):
        while upstream._waiting < 5:  # noqa: ASYNC110 - a counter tells nobody
            await asyncio.sleep(0.01)
    # all places taken and the line full: the next one is told at once, and told when to come again
    start = time.perf_counter()
    refused = await world.call("agent", "GET", "/v1/claims")
    assert (refused.status_code, refused.json()["code"]) == (503, "service_unavailable")
    assert int(refused.headers["retry-after"]) >= 1
    assert time.perf_counter() - start < 0.5
    # and the other service has all its own
    assert max(await answered_in(world, 30)) < 0.5
    assert world.app.state.upstreams.of("policy")._places._value == 200
    release.set()
    outcomes = Counter(one.status_code for one in await asyncio.gather(*hanging))
    # those in the line got a place if the service came back within the second that one waits
    assert outcomes[200] >= 5
    assert outcomes[503] >= 20
    assert sum(outcomes.values()) == outcomes[200] + outcomes[503] == 30
    async with asyncio.timeout(5):
        while upstream._places._value != 5:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_requests_spread_over_the_replicas_and_one_that_dies_costs_no_read(world: World):
    upstream = world.app.state.upstreams.of("claims")
    async with StandIn("claims").running() as second:
        ports = (world.claims.port, second.port)
        upstream.replicas = Replicas([f"http://localhost:{port}" for port in ports])
        for _ in range(40):
            assert (await world.call("agent", "GET", "/v1/claims")).status_code == 200
        assert [len(world.claims.seen), len(second.seen)] == [20, 20]
    # the second is gone now
    answers = [(await world.call("agent", "GET", "/v1/claims")).status_code for _ in range(20)]
    assert answers == [200] * 20
    assert [one.breaker.state for one in upstream.replicas.held] == ["closed", "open"]
    # its fuse went off with the first failure, so that no write is lost on it either
    writes = [(await world.call("agent", "POST", "/v1/claims", json={})).status_code for _ in range(10)]
    assert writes == [200] * 10


async def test_a_replica_that_came_back_is_used_again_by_itself(world: World):
    upstream = world.app.state.upstreams.of("claims")
    second = StandIn("claims")
    async with second.running():
        upstream.replicas = Replicas([f"http://localhost:{port}" for port in (world.claims.port, second.port)])
    for one in upstream.replicas.held:
        one.breaker._open_s = 0.3
    for _ in range(4):
        await world.call("agent", "GET", "/v1/claims")
    assert upstream.replicas.held[1].breaker.state != "closed"
    async with second.running():
        await asyncio.sleep(0.4)
        for _ in range(10):
            assert (await world.call("agent", "GET", "/v1/claims")).status_code == 200
        assert upstream.replicas.held[1].breaker.state == "closed"
        assert len(second.seen) >= 4


async def test_a_route_with_a_key_is_refused_without_one_before_anybody_is_asked(world: World):
    route = world.app.router.default.table.find("/v1/claims").routes["POST"]  # type: ignore[attr-defined]
    object.__setattr__(route, "keyed", True)
    answer = await world.call("agent", "POST", "/v1/claims", json={})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert world.claims.seen == []
    keyed = {"Idempotency-Key": '"one"'}
    assert (await world.call("agent", "POST", "/v1/claims", json={}, headers=keyed)).status_code == 200
    assert (await world.call("agent", "POST", "/v1/claims?dry_run=true", json={})).status_code == 200
