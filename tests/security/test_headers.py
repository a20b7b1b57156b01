"""Header fields at the gateway: nobody says who he is, and nothing unknown goes through in either direction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from aiohttp import web

from gateway.forwarding.headers import FORWARDED, RETURNED
from tests.support import engines
from tests.support.forwarding_world import World, running
from tests.support.tokens import actor

OWN = {"authorization", "x-request-id", "traceparent", "host", "content-length", "transfer-encoding"}
CLAIMED = {
    "X-User-Id": "1", "X-User": "root", "X-Person-Id": "1", "X-Scope": "00", "X-Permissions": "all",
    "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Host": "evil", "X-Forwarded-Proto": "https", "Forwarded": "for=6.6.6.6",
    "X-Real-IP": "6.6.6.6", "Cookie": "session=1", "X-Internal-Token": "abc", "X-Original-URL": "/internal/work-items",
    "X-Rewrite-URL": "/internal/work-items", "X-HTTP-Method-Override": "DELETE", "Via": "1.1 evil", "TE": "trailers",
    "Proxy-Authorization": "Basic abc", "Origin": "https://evil.example", "Referer": "https://evil.example",
    "User-Agent": "curl", "Accept-Encoding": "gzip", "baggage": "a=1", "tracestate": "a=1", "Expect": "100-continue",
}  # fmt: skip


@pytest.fixture
async def world(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[World]:
    async with running(database_urls["gateway"], tmp_path, allowed_hosts=["localhost"]) as found:
        found.register.knows("agent", actor("service_agent", "00.32.3201.320102"))
        yield found


async def test_what_a_client_claims_about_itself_stays_outside(world: World):
    answer = await world.call("agent", "POST", "/v1/claims", headers=CLAIMED, json={})
    assert answer.status_code == 200
    arrived = {name.lower() for name, _ in world.claims.seen[0].headers}
    assert arrived <= OWN | {name.decode() for name in FORWARDED}
    assert not {name.lower() for name in CLAIMED} & arrived
    assert world.claims.seen[0].method == "POST"


async def test_the_clients_own_token_never_reaches_a_service(world: World):
    await world.call("agent", "GET", "/v1/claims")
    told = world.claims.seen[0].header("authorization") or ""
    assert told.startswith("Bearer ey")
    assert "agent" not in told


async def test_the_fields_that_an_answer_depends_on_do_arrive(world: World):
    sent = {
        "Accept": "application/json", "Accept-Language": "en", "If-Match": '"7"', "If-None-Match": '"8"',
        "Idempotency-Key": '"abc"', "Range": "bytes=0-1", "Last-Event-ID": "9", "Content-Type": "application/json",
    }  # fmt: skip
    await world.call("agent", "POST", "/v1/claims", headers=sent, content=b"{}")
    assert {name: world.claims.seen[0].header(name) for name in sent} == sent


async def test_only_known_fields_of_an_answer_come_back(world: World):
    known = {"ETag": '"7"', "Location": "/v1/claims/7", "Idempotency-Replayed": "true", "Cache-Control": "no-store"}
    inner = {
        "X-Powered-By": "x",
        "Set-Cookie": "a=1",
        "Server": "x",
        "X-Inner": "1",
        "Access-Control-Allow-Origin": "*",
    }

    async def answers(_request: web.Request) -> web.Response:
        return web.json_response({}, headers={**known, **inner})

    world.claims.behaviour = answers
    answer = await world.call("agent", "GET", "/v1/claims")
    assert {name: answer.headers[name] for name in known} == known
    assert not {name.lower() for name in inner} & set(answer.headers)
    assert set(answer.headers) <= set(RETURNED) | {"x-request-id", "ratelimit", "ratelimit-policy", "date"}


@pytest.mark.parametrize(
    ("field", "status", "code"),
    [
        ("X_User_Id: 1", 400, "malformed_request"),
        ("Connection: keep-alive, X-Secret", 400, "malformed_request"),
        ("Content-Encoding: gzip", 415, "unsupported_media_type"),
        ("Host: evil.example", 400, "malformed_request"),
        ("Authorization: Bearer other", 400, "malformed_request"),
        ("X-Long: " + "y" * 20_000, 431, "headers_too_large"),
        ("\r\n".join(f"X-{n}: 1" for n in range(101)), 431, "headers_too_large"),
    ],
)
async def test_what_is_not_plain_is_refused_as_a_problem(world: World, field: str, status: int, code: str):
    host = "" if field.startswith("Host") else "Host: localhost\r\n"
    text = f"GET /v1/claims HTTP/1.1\r\n{host}Authorization: Bearer agent\r\n{field}\r\n\r\n"
    answer = await world.raw(text.encode())
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"application/problem+json" in answer
    assert f'"code": "{code}"'.encode() in answer
    assert world.claims.seen == []


async def test_the_gateways_own_rooms_stand_behind_the_same_edge(world: World):
    answer = await world.raw(
        b"GET /v1/me HTTP/1.1\r\nHost: localhost\r\nX_User: 1\r\nAuthorization: Bearer agent\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"connection: close" in answer.lower()
    assert (await world.call("agent", "GET", "/v1/me", headers={"X-User-Id": "root"})).text.startswith(
        "T-service_agent"
    )


async def test_the_page_of_metrics_is_not_on_the_published_port(world: World):
    assert (await world.call("agent", "GET", "/metrics")).status_code == 404
    assert (await world.call(None, "GET", "/metrics")).status_code == 401
    assert (await world.call(None, "GET", "/healthz")).status_code == 200
