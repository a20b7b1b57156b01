"""Connections to services: used again only after a clean end, and what can be read in two ways is no answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from gateway.forwarding.connection import (
    HIGH_WATER,
    MAX_HEAD_BYTES,
    SHORT_BYTES,
    BrokenOff,
    Connection,
    Garbled,
    NotReached,
)
from gateway.forwarding.pool import Pool, place_of

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@dataclass
class Script:
    """A server that answers each request with the next text; an empty one ends the connection."""

    answers: list[bytes]
    address: str = ""
    connections: int = 0
    heard: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self.answers:
                self.heard.append(await reader.readuntil(b"\r\n\r\n"))
                answer = self.answers.pop(0)
                writer.write(answer.removesuffix(b"<end>"))
                await writer.drain()
                if not answer or answer.endswith(b"<end>"):
                    break
            else:
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def scripted(*answers: bytes) -> AsyncIterator[tuple[Script, Pool]]:
    script, pool = Script(list(answers)), Pool()
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
    script.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield script, pool
    finally:
        pool.close()
        server.close()
        await server.wait_closed()


async def ask(script: Script, pool: Pool, *, method: str = "GET", seconds: float = 2.0) -> tuple[int, bytes]:
    """Status and whole body; the connection is given back."""
    until = asyncio.get_running_loop().time() + seconds
    used = await pool.connection(script.address, until)
    try:
        head = method.encode() + b" / HTTP/1.1\r\nhost: h\r\n\r\n"
        await used.send(head, None, chunked=False, only_head=method == "HEAD", until=until, seconds=seconds)
        status, pieces = used.status, [used.take()]
        while not used.whole:
            pieces.append(await used.more(seconds))
        return status, b"".join(pieces)
    finally:
        pool.release(used)


async def asked(*answers: bytes, times: int, method: str = "GET") -> tuple[list[tuple[int, bytes]], int]:
    """What so many requests got, one after the other, and over how many connections."""
    async with scripted(*answers) as (script, pool):
        found = [await ask(script, pool, method=method) for _ in range(times)]
        return found, script.connections


async def test_a_connection_is_used_again_after_a_clean_answer():
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-late: 1\r\n\r\n"
    empty = b"HTTP/1.1 204 No Content\r\n\r\n"
    found, connections = await asked(OK, chunked, empty, OK, times=4)
    assert found == [(200, b"ok"), (200, b"ok"), (204, b""), (200, b"ok")]
    assert connections == 1


@pytest.mark.parametrize(
    "first",
    [
        OK.replace(b"200 OK", b"200 OK\r\nconnection: close") + b"<end>",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok<end>",
        b"HTTP/1.1 200 OK\r\n\r\nok<end>",
        OK + OK,
        OK + b"garbage that nobody asked for",
    ],
)
async def test_a_connection_is_not_used_again_where_its_answer_did_not_end_cleanly(first: bytes):
    found, connections = await asked(first, OK, times=2)
    assert found == [(200, b"ok")] * 2
    assert connections == 2


@pytest.mark.parametrize(
    "fields",
    [
        (b"content-length: 2", b"transfer-encoding: chunked"),
        (b"transfer-encoding: chunked", b"content-length: 2"),
        (b"content-length: 2", b"content-length: 2"),
        (b"content-length: 2", b"content-length: 3"),
        (b"content-length: 2, 2",),
        (b"content-length: +2",),
        (b"transfer-encoding: gzip, chunked",),
        (b"transfer-encoding: identity",),
        (b"transfer-encoding: chunked", b"transfer-encoding: chunked"),
    ],
)
async def test_an_answer_whose_end_can_be_read_in_two_ways_is_no_answer(fields: Sequence[bytes]):
    head = b"HTTP/1.1 200 OK\r\n" + b"".join(one + b"\r\n" for one in fields) + b"\r\n"
    async with scripted(head + b"2\r\nok\r\n0\r\n\r\n", OK) as (script, pool):
        with pytest.raises(Garbled):
            await ask(script, pool)
        assert await ask(script, pool) == (200, b"ok")
        assert script.connections == 2


@pytest.mark.parametrize(
    "text",
    [
        b"SMTP ready\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbroken line\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: 1\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * (MAX_HEAD_BYTES + 1),
    ],
)
async def test_what_is_no_answer_is_told_as_such(text: bytes):
    async with scripted(text) as (script, pool):
        with pytest.raises(Garbled):
            await ask(script, pool)


async def test_what_comes_before_the_answer_is_passed_over():
    first = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
    found, connections = await asked(first + first + OK, OK, times=2)
    assert (found, connections) == ([(200, b"ok")] * 2, 1)


async def test_the_answer_to_a_head_request_has_no_body_whatever_it_says():
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n"
    found, connections = await asked(head, head, times=2, method="HEAD")
    assert (found, connections) == ([(200, b"")] * 2, 2)


@pytest.mark.parametrize(
    "text", [b"", b"HTTP/1.1 200 O<end>", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf<end>"]
)
async def test_an_answer_that_breaks_off_is_told_as_broken(text: bytes):
    async with scripted(text) as (script, pool):
        with pytest.raises(BrokenOff):
            await ask(script, pool)


async def test_a_limit_ends_the_wait_for_head_and_body():
    for text in (b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"):
        async with scripted(text) as (script, pool):
            with pytest.raises(TimeoutError):
                await ask(script, pool, seconds=0.1)


async def test_a_limit_of_the_request_before_does_not_end_the_next_one():
    async with scripted(OK, OK) as (script, pool):
        await ask(script, pool, seconds=0.2)
        await asyncio.sleep(0.15)
        assert await ask(script, pool) == (200, b"ok")
        await asyncio.sleep(0.15)
        assert script.connections == 1
        (kept,) = pool._open
        assert kept.open


async def test_what_a_connection_says_unasked_closes_it():
    script, pool = Script([OK, OK]), Pool()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await script.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    script.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await ask(script, pool)
    writers[0].write(OK)
    await asyncio.sleep(0.05)
    assert not pool._open
    assert await ask(script, pool) == (200, b"ok")
    assert script.connections == 2
    pool.close()
    server.close()


async def test_a_large_answer_waits_for_its_client():
    size = 40 * HIGH_WATER
    text = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size
    async with scripted(text) as (script, pool):
        until = asyncio.get_running_loop().time() + 5
        used = await pool.connection(script.address, until)
        await used.send(b"GET / HTTP/1.1\r\n\r\n", None, chunked=False, only_head=False, until=until, seconds=5)
        await asyncio.sleep(0.3)
        assert HIGH_WATER < used._size < 3 * HIGH_WATER
        found = len(used.take())
        while not used.whole:
            found += len(await used.more(5))
        pool.release(used)
        assert found == size


async def test_nobody_listening_is_told_apart_from_a_broken_connection():
    with pytest.raises(NotReached):
        await Pool().connection("http://127.0.0.1:1", asyncio.get_running_loop().time() + 2)


def test_an_address_has_its_parts():
    place = place_of("http://[::1]:8000/inner/")
    assert (place.host, place.port, place.named, place.path, place.secure) == (
        "::1",
        8000,
        b"[::1]:8000",
        "/inner",
        False,
    )
    assert place_of("https://claims").port == 443


async def test_a_closed_connection_is_lost_by_its_pool():
    async with scripted(OK) as (script, pool):
        await ask(script, pool)
        (kept,) = pool._open
        assert isinstance(kept, Connection)
        kept.close()
        await asyncio.sleep(0.01)
        assert (pool._open, pool._idle) == (set(), {})


@pytest.mark.parametrize(("end", "fault"), [(b"", TimeoutError), (b"<end>", BrokenOff)])
async def test_a_short_answer_that_stays_away_is_begun_at_the_limit_or_the_end(end: bytes, fault: type[Exception]):
    async with scripted(OK.removesuffix(b"ok") + b"o" + end) as (script, pool):
        loop = asyncio.get_running_loop()
        used, began = await pool.connection(script.address, loop.time() + 2), loop.time()
        head = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n"
        await used.send(head, None, chunked=False, only_head=False, until=began + 0.3, seconds=0.3)
        assert (used.status, used.take(), used.complete) == (200, b"o", False)
        assert (loop.time() - began > 0.25) == (fault is TimeoutError)
        with pytest.raises(fault):
            await used.more(0.1)
        pool.release(used)
        assert not used.open


async def test_a_long_answer_is_begun_before_it_is_whole():
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\nbegun" % (SHORT_BYTES + 1)
    async with scripted(head) as (script, pool):
        loop = asyncio.get_running_loop()
        used, began = await pool.connection(script.address, loop.time() + 2), loop.time()
        asking = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n"
        await used.send(asking, None, chunked=False, only_head=False, until=began + 2, seconds=2)
        assert loop.time() - began < 1
        assert (used.take() or await used.more(1), used.complete) == (b"begun", False)
        pool.release(used)
