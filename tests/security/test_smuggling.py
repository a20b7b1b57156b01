"""Bytes that two readers could read differently: never more answers than requests, never a second path behind.

Each case is sent as it stands to the gateway on a real socket, behind the server and the parser of production. What may
come out is stated with it: the paths that the service may have seen, and how many requests a strict reader finds.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import engines
from tests.support.forwarding_world import World, running
from tests.support.tokens import actor

HEAD = b"Host: localhost\r\nAuthorization: Bearer agent\r\n"
GET = b"GET /v1/claims HTTP/1.1\r\n" + HEAD
POST = b"POST /v1/claims HTTP/1.1\r\n" + HEAD + b"Content-Type: application/json\r\n"
HIDDEN = b"GET /v1/claims/smuggled HTTP/1.1\r\n" + HEAD + b"\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


class Case(NamedTuple):
    sent: bytes
    requests: int = 1
    targets: frozenset[str] = frozenset()
    """What the service may have seen; nothing for a case that has to be refused."""


ONE = frozenset({"/v1/claims"})


def length(n: int, name: bytes = b"Content-Length") -> bytes:
    return name + b": %d\r\n" % n


CASES: Mapping[str, Case] = {
    "length and chunked": Case(POST + length(len(HIDDEN) + 5) + CHUNKED + b"\r\n0\r\n\r\n" + HIDDEN),
    "chunked and length": Case(POST + CHUNKED + length(5) + b"\r\n0\r\n\r\n" + HIDDEN),
    "two lengths": Case(POST + length(2) + length(len(HIDDEN)) + b"\r\n{}" + HIDDEN),
    "two equal lengths": Case(POST + length(2) + length(2) + b"\r\n{}"),
    "a list of lengths": Case(POST + b"Content-Length: 2, 2\r\n\r\n{}"),
    "a signed length": Case(POST + b"Content-Length: +2\r\n\r\n{}"),
    "a negative length": Case(POST + b"Content-Length: -1\r\n\r\n" + HIDDEN),
    "a hexadecimal length": Case(POST + b"Content-Length: 0x2\r\n\r\n{}" + HIDDEN),
    "a space before the colon": Case(POST + length(2, b"Content-Length ") + b"\r\n{}" + HIDDEN),
    "coding with a space before the colon": Case(POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + HIDDEN),
    "an unknown coding": Case(POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN),
    "chunked not last": Case(POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + HIDDEN),
    "chunked twice": Case(POST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n" + HIDDEN),
    "coding after a vertical tab": Case(POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + HIDDEN),
    "a folded field": Case(POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + HIDDEN),
    "bare line feeds": Case(GET.replace(b"\r\n", b"\n") + b"\n" + HIDDEN),
    "a bare carriage return": Case(GET + b"X-A: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN),
    "a NUL in a value": Case(GET + b"X-A: b\x00c\r\n\r\n"),
    "an extended chunk": Case(POST + CHUNKED + b"\r\n2;a=\nb\r\n{}\r\n0\r\n\r\n" + HIDDEN),
    "a chunk size with a sign": Case(POST + CHUNKED + b"\r\n+2\r\n{}\r\n0\r\n\r\n" + HIDDEN),
    "a chunk longer than told": Case(POST + CHUNKED + b"\r\n1\r\n{}\r\n0\r\n\r\n" + HIDDEN),
    "a chunk size that overflows": Case(POST + CHUNKED + b"\r\n" + b"f" * 17 + b"\r\n{}\r\n0\r\n\r\n" + HIDDEN),
    "no Host": Case(b"GET /v1/claims HTTP/1.1\r\nAuthorization: Bearer agent\r\n\r\n"),
    "two Hosts": Case(GET + b"Host: other\r\n\r\n"),
    "a read with a body": Case(GET + length(len(HIDDEN)) + b"\r\n" + HIDDEN),
    "a named hop": Case(GET + b"Connection: keep-alive, authorization\r\n\r\n"),
    "an upgrade to HTTP/2": Case(GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n" + HIDDEN),
    "an underscore for a hyphen": Case(POST + b"Content_Length: 0\r\n" + length(2) + b"\r\n{}"),
    "a dot segment": Case(GET.replace(b"/v1/claims ", b"/v1/policies/../claims ") + b"\r\n"),
    "an escaped slash": Case(GET.replace(b"/v1/claims ", b"/v1%2fclaims ") + b"\r\n"),
    "a line break in the path": Case(GET.replace(b"/v1/claims ", b"/v1/claims%0d%0aX-A:1 ") + b"\r\n"),
    "two spaces in the first line": Case(GET.replace(b"GET ", b"GET  ") + b"\r\n", targets=ONE),
    "the first line alone": Case(b"GET /v1/claims\r\n\r\n" + HIDDEN),
    "whole address": Case(GET.replace(b"/v1/claims ", b"http://evil.example/v1/claims ") + b"\r\n", targets=ONE),
    # lawful, and therefore answered: the corpus would prove little if everything in it were refused
    "two in a row": Case(GET + b"\r\n" + GET + b"\r\n", requests=2, targets=ONE),
    "chunked": Case(POST + CHUNKED + b"\r\n2\r\n{}\r\n0\r\n\r\n", targets=ONE),
    "chunked with a trailer": Case(POST + CHUNKED + b"\r\n2\r\n{}\r\n0\r\nX-User-Id: 1\r\n\r\n", targets=ONE),
}
LAWFUL = {"two in a row", "chunked", "chunked with a trailer", "whole address"}
_ANSWER = re.compile(rb"HTTP/1\.[01] ([0-9]{3}) ")


@pytest.fixture
async def world(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[World]:
    async with running(database_urls["gateway"], tmp_path, allowed_hosts=["localhost", "other"]) as found:
        found.register.knows("agent", actor("service_agent", "00.32.3201.320102"))
        yield found


async def test_no_bytes_get_more_answers_than_they_are_requests_or_reach_another_path(world: World):
    wrong = []
    for name, case in CASES.items():
        world.claims.seen.clear()
        statuses = [int(one) for one in _ANSWER.findall(await world.raw(case.sent))]
        # what follows a refusal on the same connection is not read any more
        targets = [one.target for one in world.claims.seen]
        good = len(statuses) <= case.requests and set(targets) <= case.targets and len(targets) <= case.requests
        good = good and (
            [200] * case.requests == statuses if name in LAWFUL else all(one != 200 or targets for one in statuses)
        )
        if not good:
            wrong.append(f"{name}: answers {statuses}, the service saw {targets}")
    assert not wrong, "\n".join(wrong)
    assert len(CASES) >= 27


async def test_the_gateway_still_serves_after_the_corpus(world: World):
    for case in CASES.values():
        await world.raw(case.sent, within=0.5)
    assert (await world.call("agent", "GET", "/v1/claims")).status_code == 200


async def test_no_field_of_the_client_frames_the_request_to_the_service(world: World):
    await world.raw(CASES["chunked with a trailer"].sent)
    await world.raw(POST + length(2) + b"\r\n{}")
    first, second = world.claims.seen
    assert (first.header("transfer-encoding"), first.header("content-length"), first.body) == ("chunked", None, b"{}")
    assert (second.header("transfer-encoding"), second.header("content-length"), second.body) == (None, "2", b"{}")
    assert first.header("x-user-id") is None


async def test_the_command_line_of_production_refuses_what_the_suite_refuses(world: World, tmp_path: Path):
    """The same parser in a process of its own, with the flags that the application names."""
    flags = ["--http", "httptools", "--ws", "none", "--no-proxy-headers", "--no-server-header"]
    import gateway.app

    assert all(flag in " ".join((gateway.app.__doc__ or "").split()) for flag in ("--http httptools", *flags[4:]))
    (tmp_path / "plain.py").write_text(
        "async def app(scope, receive, send):\n"
        "    if scope['type'] == 'lifespan':\n"
        "        return\n"
        "    while (await receive()).get('more_body'):\n"
        "        pass\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-length', b'0')]})\n"
        "    await send({'type': 'http.response.body', 'body': b''})\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "uvicorn", "plain:app", "--port", "0", "--lifespan", "off", *flags, cwd=tmp_path,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        async with asyncio.timeout(20):
            line = b""
            while b"running on http" not in line:
                line = await process.stderr.readline()
        found = re.search(rb":([0-9]+) ", line)
        assert found is not None
        world.port = int(found[1])
        for name in ("length and chunked", "bare line feeds", "a folded field", "a space before the colon"):
            statuses = _ANSWER.findall(await world.raw(CASES[name].sent))
            assert statuses in ([b"400"], []), name
    finally:
        process.kill()
        await process.wait()
