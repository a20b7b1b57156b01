"""Bytes that two readers could read differently: never more answers than requests, never a second path behind.

Each case is sent as it stands to the gateway on a real socket, behind the server and the parser of production. What may
come out is stated with it: the paths that the service may have seen, and how many requests a strict reader finds.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from random import Random
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


STRANGE = [bytes([one]) for one in b"\t \x0b\x0c\x00\r\n_;,:\"'\x7f\x85\xff\\0+x"]
MUTATED = 200


def mutated(chance: Random) -> bytes:
    """One sound framing, and a second one that was damaged: whoever reads the damaged one finds the hidden request."""
    inner = b"0\r\n\r\n" + HIDDEN
    if chance.random() < 0.5:
        sound, other, body = length(len(inner)), b"Transfer-Encoding: chunked", inner
    else:
        chunk = b"2\r\n{}\r\n"
        body = b"%x\r\n" % len(chunk + HIDDEN) + chunk + HIDDEN + b"\r\n0\r\n\r\n"
        sound, other = CHUNKED, b"Content-Length: %d" % (len(b"%x\r\n" % len(chunk + HIDDEN)) + len(chunk))
    for _ in range(chance.randint(1, 3)):
        place = chance.randint(0, len(other))
        other = other[:place] + chance.choice(STRANGE) + other[place + chance.randint(0, 1) :]
    fields = [sound, other + b"\r\n"]
    if chance.random() < 0.3:
        fields.reverse()
    return POST + b"".join(fields) + b"\r\n" + body


async def test_no_damaged_second_framing_lets_a_hidden_request_through(world: World):
    """Seeded: the same bytes in every run."""
    cases = [mutated(Random(seed)) for seed in range(MUTATED)]
    assert len(set(cases)) > MUTATED * 0.9
    wrong: list[str] = []

    async def tried(sent: bytes) -> None:
        statuses = _ANSWER.findall(await world.raw(sent))
        # a bare line break may end the head early; what is left over is no request then, and refused as such
        if len(statuses) > 1 and statuses[1:] != [b"400"]:
            wrong.append(f"{sent!r}: {statuses}")

    for start in range(0, MUTATED, 20):
        await asyncio.gather(*(tried(sent) for sent in cases[start : start + 20]))
    assert not wrong, "\n".join(wrong)
    assert {one.target for one in world.claims.seen} <= ONE
    assert {one.method for one in world.claims.seen} <= {"POST"}


PATHS = (
    b"/v1/%2e%2e/claims", b"/v1/..;/claims", b"/v1/.%2e/claims", b"/v1/%252e%252e/claims", b"/v1//claims",
    b"//v1/claims", b"/v1\\claims", b"/v1/%5cclaims", b"/v1/claims;a=b", b"/v1/claims%3b", b"/v1/claims%00",
    b"/v1/%c0%ae%c0%ae/claims",
    b"/v1/%ff", b"/v1/claims%2f1", b"/v1/claims%2F..%2Fpolicies", b"/v1/claims/.", b"/v1/claims/..", b"/./v1/claims",
    b"/v1/claims%0a", b"/v1/claims%zz", b"/v1/claims%", b"/v1/claims#x", b"*", b"v1/claims", b"/internal/work-items",
    b"/v1/claims/../../internal/work-items", b"http://localhost/internal/work-items", b"/V1/CLAIMS", b"/v1/claims/",
    b"/v1/claims/01a1f683-27e8-7164-bf7f-537f439f24b8/", b"/v1/claims/%E2%80%AE", b"/healthz/../v1/claims",
)  # fmt: skip


MEANT = {b"/v1/claims#x": "/v1/claims", b"/v1/claims/%E2%80%AE": "/v1/claims/%E2%80%AE"}
"""Read in one way only, so let through: the parser takes a fragment off, one segment of strange letters is an id."""


async def test_no_spelling_of_a_path_reaches_a_service_by_another_way(world: World):
    wrong = []
    for path in PATHS:
        sent = GET.replace(b"/v1/claims ", path + b" ") + b"\r\n"
        statuses = [int(one) for one in _ANSWER.findall(await world.raw(sent))]
        if len(statuses) > 1 or not set(statuses) <= ({200} if path in MEANT else {400, 404, 405}):
            wrong.append(f"{path!r}: {statuses}")
    assert not wrong, "\n".join(wrong)
    assert [one.target for one in world.claims.seen] == [MEANT[path] for path in PATHS if path in MEANT]


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
    import gateway.app

    own = "gateway.forwarding.client_connection:ClientConnection"
    flags = ["--http", own, "--ws", "none", "--no-proxy-headers", "--no-server-header"]
    assert all(flag in " ".join((gateway.app.__doc__ or "").split()) for flag in (f"--http {own}", *flags[4:]))
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
        stderr=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path(gateway.app.__file__).parents[1])},
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
