"""Services that are slow, gone, full or break off: told as what they are, and nobody else suffers."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tests.support.forwarding_world import World
from tests.support.tokens import actor

CLAIM = "01a1f683-27e8-7164-bf7f-537f439f24b8"


async def test_a_service_that_does_not_answer_in_time_is_told_as_unknown(world: World):
    async def sleeps(_request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.json_response({})

    world.claims.behaviour = sleeps
    answer = await world.call("agent", "GET", f"/v1/claims/{CLAIM}/slow")
    assert (answer.status_code, answer.json()["code"]) == (504, "upstream_timeout")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"]


async def test_a_service_that_is_gone_answers_503_and_the_others_go_on(world: World):
    world.app.state.upstreams.of("claims").replicas.held[0].address = "http://localhost:1"
    answer = await world.call("agent", "GET", "/v1/claims")
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert answer.headers["retry-after"]
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    world.register.knows("underwriter", actor("underwriter", "00.32"))
    assert (await world.call("underwriter", "GET", "/v1/policies")).status_code == 200


async def test_a_write_is_never_sent_twice_and_a_read_once_more(world: World):
    async def breaks_off(request: web.Request) -> web.StreamResponse:
        world.claims.remember(request)
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    world.claims.behaviour = breaks_off
    for method, path in (("POST", "/v1/claims"), ("PATCH", f"/v1/claims/{CLAIM}")):
        answer = await world.call("agent", method, path, json={})
        assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert [one.method for one in world.claims.seen] == ["POST", "PATCH"]
    await world.call("agent", "GET", "/v1/claims")
    assert [one.method for one in world.claims.seen][2:] == ["GET", "GET"]


async def test_the_fuse_opens_after_five_failures_and_one_probe_closes_it(world: World):
    async def sleeps(_request: web.Request) -> web.Response:
        world.claims.remember(_request)
        await asyncio.sleep(5)
        return web.json_response({})

    breaker = world.app.state.upstreams.of("claims").replicas.held[0].breaker
    breaker._open_s = 0.5
    world.claims.behaviour = sleeps
    answers = await asyncio.gather(
        *(world.call("agent", "POST", f"/v1/claims/{CLAIM}/slow", json={}) for _ in range(5))
    )
    assert [one.status_code for one in answers] == [504] * 5
    quick = await world.call("agent", "GET", "/v1/claims")
    assert (quick.status_code, breaker.state, len(world.claims.seen)) == (503, "open", 5)
    world.claims.behaviour = None
    await asyncio.sleep(0.6)
    assert (await world.call("agent", "GET", "/v1/claims")).status_code == 200
    assert breaker.state == "closed"


async def test_a_service_that_is_full_sends_the_next_one_away(world: World):
    release = asyncio.Event()

    async def waits(_request: web.Request) -> web.Response:
        await release.wait()
        return web.json_response({})

    upstream = world.app.state.upstreams.of("claims")
    upstream._places, upstream._most_waiting = asyncio.Semaphore(2), 1
    world.claims.behaviour = waits
    under_way = [asyncio.create_task(world.call("agent", "GET", "/v1/claims")) for _ in range(2)]
    await asyncio.sleep(0.2)
    refused = await world.call("agent", "GET", "/v1/claims")
    assert (refused.status_code, refused.json()["code"]) == (503, "service_unavailable")
    release.set()
    assert [(await one).status_code for one in under_way] == [200, 200]
