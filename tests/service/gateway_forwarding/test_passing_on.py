"""What travels, what stays, what comes back; streaming, and rates."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import aiohttp
import httpx
import pytest
from aiohttp import web

from gateway.forwarding.rate_limit import RatePolicy
from tests.support.forwarding_world import World

CLAIM = "01a1f683-27e8-7164-bf7f-537f439f24b8"


async def test_nothing_of_one_callers_answer_travels_with_the_next_callers_request(world: World):
    async def sets_cookie(request: web.Request) -> web.Response:
        world.claims.remember(request)
        answer = web.json_response({})
        answer.set_cookie("session", "of-the-first-caller")
        return answer

    # the services are addressed by host name: a jar would keep nothing for an IP address anyway
    assert world.app.state.upstreams.of("claims").replicas.held[0].address.startswith("http://localhost:")
    world.claims.behaviour = sets_cookie
    first = await world.call("agent", "GET", "/v1/claims")
    second = await world.call("approver", "GET", "/v1/claims", headers={"Cookie": "own=1"})
    assert len(world.claims.seen) == 2
    assert [one.header("cookie") for one in world.claims.seen] == [None, None]
    assert "set-cookie" not in first.headers
    assert "set-cookie" not in second.headers


async def test_the_same_check_finds_a_client_that_keeps_cookies():
    """The control: with the library's own jar the second request does carry the first one's cookie."""
    seen: list[str | None] = []

    async def sets_cookie(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Cookie"))
        answer = web.Response()
        answer.set_cookie("session", "of-the-first-caller")
        return answer

    app = web.Application()
    app.router.add_get("/", sets_cookie)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "localhost", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            (await session.get(f"http://localhost:{port}/")).release()
    await runner.cleanup()
    assert seen == [None, "session=of-the-first-caller"]


async def test_path_and_query_arrive_as_they_were_meant(world: World):
    path = "/v1/claims?unit_code=3201&reported_at[gte]=2026-11-01T00:00:00%2B08:00&q=%E6%AC%A7%E9%98%B3"
    answer = await world.call("agent", "GET", path)
    # what counts is that the plus sign stays escaped and nothing is escaped twice
    assert answer.status_code == 200
    assert world.claims.seen[0].target.replace("%5B", "[").replace("%5D", "]") == path


async def test_trace_and_request_id_are_taken_over(world: World):
    trace, given = "4bf92f3577b34da6a3ce929d0e0e4736", str(uuid4())
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "X-Request-Id": given}
    answer = await world.call("agent", "GET", "/v1/claims", headers=headers)
    assert answer.headers.get_list("x-request-id") == [given]
    assert world.claims.seen[0].header("x-request-id") == given
    passed = world.claims.seen[0].header("traceparent") or ""
    assert passed.split("-")[1] == trace
    assert passed.split("-")[2] != "00f067aa0ba902b7"
    other = await world.call("agent", "GET", "/v1/claims", headers={"X-Request-Id": "not-a-uuid"})
    assert UUID(other.headers["x-request-id"])
    assert world.claims.seen[1].header("x-request-id") == other.headers["x-request-id"]


async def test_an_upload_reaches_the_service_before_it_has_ended(world: World):
    first_piece = asyncio.Event()

    async def reads(request: web.Request) -> web.Response:
        size = 0
        async for piece in request.content.iter_any():
            size += len(piece)
            first_piece.set()
        return web.json_response({"size": size})

    async def pieces():
        yield b"a" * 1000
        async with asyncio.timeout(3):
            await first_piece.wait()
        yield b"b" * 1000

    world.claims.behaviour = reads
    answer = await world.call("agent", "POST", "/v1/claims/uploads", content=pieces())
    assert answer.json() == {"size": 2000}


async def test_an_answer_reaches_the_client_before_it_has_ended(world: World):
    go_on = asyncio.Event()

    async def writes(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
        await answer.prepare(request)
        await answer.write(b"first")
        async with asyncio.timeout(3):
            await go_on.wait()
        await answer.write(b"second")
        return answer

    world.claims.behaviour = writes
    found = []
    async with world.client.stream("GET", "/v1/claims", headers={"Authorization": "Bearer agent"}) as answer:
        async for piece in answer.aiter_raw():
            found.append(piece)
            go_on.set()
    assert b"".join(found) == b"firstsecond"
    assert found[0] == b"first"


async def test_a_large_body_arrives_whole_in_both_directions(world: World):
    body = bytes(range(256)) * 4096

    async def echoes(request: web.Request) -> web.Response:
        return web.Response(body=await request.read(), content_type="application/octet-stream")

    world.claims.behaviour = echoes
    answer = await world.call("agent", "POST", "/v1/claims/uploads", content=body)
    assert answer.content == body


async def test_a_body_that_grows_beyond_the_limit_is_refused_while_it_is_read(world: World):
    async def reads(request: web.Request) -> web.Response:
        return web.json_response({"size": len(await request.read())})

    async def pieces():
        for _ in range(100):
            yield b"x" * 65536

    world.claims.behaviour = reads
    answer = await world.call("agent", "POST", "/v1/claims/uploads", content=pieces())
    assert (answer.status_code, answer.json()["max_bytes"]) == (413, 4 * 1024 * 1024)
    declared = await world.call("agent", "POST", "/v1/claims", content=b"x" * (1024 * 1024 + 1))
    assert declared.status_code == 413
    assert world.app.state.upstreams.of("claims").replicas.held[0].breaker.state == "closed"


async def test_a_client_that_hangs_up_ends_the_request_to_the_service(world: World):
    begun = asyncio.Event()

    async def waits(_request: web.Request) -> web.Response:
        begun.set()
        await asyncio.sleep(20)
        return web.json_response({})

    world.claims.behaviour = waits
    _, writer = await asyncio.open_connection("localhost", world.port)
    writer.write(b"GET /v1/claims HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer agent\r\n\r\n")
    async with asyncio.timeout(3):
        await begun.wait()
        writer.close()
        await world.claims.ended_early.wait()
    assert world.app.state.upstreams.of("claims").replicas.held[0].breaker.state == "closed"


async def test_redirects_are_not_followed_and_no_inner_address_comes_back(world: World):
    async def redirects(_request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "http://claims:8000/elsewhere", "X-Inner": "1"})

    world.claims.behaviour = redirects
    answer = await world.call("agent", "GET", "/v1/claims")
    assert answer.status_code == 307
    assert "location" not in answer.headers
    assert "x-inner" not in answer.headers
    assert "server" not in answer.headers


async def test_an_answer_that_breaks_off_is_not_shown_as_whole(world: World):
    async def breaks_off(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return answer

    world.claims.behaviour = breaks_off
    broken = None
    try:
        await world.call("agent", "GET", "/v1/claims")
    except httpx.RemoteProtocolError as fault:
        broken = fault
    assert broken is not None


async def test_every_answer_tells_what_is_left_of_its_rate(world: World):
    answers = [
        await world.call("agent", "GET", "/v1/claims"),
        await world.call("agent", "POST", "/v1/claims", json={}),
        await world.call("core", "GET", "/v1/claims"),
        await world.call("agent", "GET", "/v1/me"),
        await world.call("agent", "GET", "/v1/nowhere"),
        await world.call(None, "GET", "/v1/claims"),
        await world.call("unknown", "GET", "/v1/claims"),
        await world.call("agent", "DELETE", "/v1/claims"),
    ]
    named = [one.headers["ratelimit-policy"].split('"')[1] for one in answers]
    assert named == ["user", "user-write", "client", "user", "user", "source", "source", "source"]
    assert all(one.headers["ratelimit"].startswith(f'"{name}";r=') for one, name in zip(answers, named, strict=True))
    assert answers[0].headers["ratelimit-policy"] == '"user";q=600;w=60'


async def test_above_the_rate_the_answer_is_429_and_others_go_on(world: World):
    world.app.state.rate_limit.policies["user", "read"] = RatePolicy("user", 3)
    codes = [(await world.call("agent", "GET", "/v1/claims")).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    own = await world.call("agent", "GET", "/v1/me")
    assert (own.status_code, own.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(own.headers["retry-after"]) <= 20
    assert own.headers["ratelimit"].startswith('"user";r=0')
    assert (await world.call("approver", "GET", "/v1/claims")).status_code == 200
    assert await world.refusals() == []


async def test_a_failure_that_nobody_expected_is_answered_alike_on_both_ways(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    async def fails(*_: object) -> None:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(world.register, "caller_of", fails)
    for path in ("/v1/me", "/v1/claims"):
        answer = await world.call("agent", "GET", path)
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error"), path
        assert answer.headers["x-request-id"] == answer.json()["request_id"]
        assert "ratelimit" in answer.headers
    assert world.claims.seen == []
    monkeypatch.undo()
    assert (await world.call("agent", "GET", "/v1/claims")).status_code == 200
