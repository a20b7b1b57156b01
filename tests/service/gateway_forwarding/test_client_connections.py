"""The connections of clients: order, framing, waiting and endings, against applications that do what a test says."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import Mock

import pytest
from starlette.types import Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from gateway.forwarding.client_connection import ClientConnection
from tests.support.client_line import GET, LENGTH_3, SECOND, Line, answer, begun, gate, piece, saying


async def test_head_and_body_of_an_answer_of_stated_length_are_one_write():
    line = Line(saying(begun(LENGTH_3), piece(b"yes")))
    line.sends(GET)
    await line.until(lambda: b"yes" in line.transport.all)
    assert line.transport.written == [b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes"]
    assert (line.books.total_requests, line.transport.closed) == (1, False)


async def test_an_empty_piece_sends_the_head_of_an_answer_that_is_still_to_come():
    line = Line(saying(begun(LENGTH_3), piece(b"", more=True), piece(b"yes")))
    line.sends(GET)
    await line.until(lambda: b"yes" in line.transport.all)
    assert line.transport.written[0].endswith(b"\r\n\r\n")
    assert line.transport.written[1:] == [b"yes"]


async def test_an_answer_without_length_goes_out_in_chunks_its_head_at_once():
    line = Line(saying(begun(), piece(b"abc", more=True), piece(b"", more=True), piece(b"")))
    line.sends(GET)
    await line.until(lambda: line.transport.all.endswith(b"0\r\n\r\n"))
    head, first, last = line.transport.written
    assert b"transfer-encoding: chunked\r\n" in head
    assert (first, last) == (b"3\r\nabc\r\n", b"0\r\n\r\n")


@pytest.mark.parametrize(("method", "status"), [(b"HEAD", 200), (b"GET", 204), (b"GET", 304)])
async def test_an_answer_that_has_no_body_has_none_and_no_chunks(method: bytes, status: int):
    line = Line(saying(begun(status=status), piece(b"")))
    line.sends(GET.replace(b"GET", method))
    await line.until(lambda: line.books.total_requests == 1)
    assert line.transport.all.endswith(b"\r\n\r\n")
    assert b"chunked" not in line.transport.all


async def test_requests_that_come_together_are_answered_in_their_order_and_begun_one_after_the_other():
    async with gate() as (app, opened, asked):
        line = Line(app)
        line.sends(GET + SECOND)
        await line.quiet()
        assert (asked, line.transport.paused) == (["/one"], True)
        opened.set()
        await line.until(lambda: line.books.total_requests == 2)
        assert (asked, line.transport.paused) == (["/one", "/two"], False)
        assert line.transport.all.index(b"/one") < line.transport.all.index(b"/two")


@pytest.mark.parametrize(
    "last", [GET.replace(b"1.1", b"1.0"), GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")]
)
async def test_what_follows_a_request_that_was_to_be_the_last_is_not_begun(last: bytes):
    async with gate() as (app, opened, asked):
        line = Line(app)
        line.sends(last + SECOND)
        opened.set()
        await line.until(lambda: line.transport.closed)
        await line.quiet()
        assert asked == ["/one"]
        assert b"connection: close\r\n" in line.transport.all
        assert line.transport.all.count(b"HTTP/1.1 ") == 1


async def test_bytes_that_are_no_request_are_refused_once_and_after_the_answers_before_them():
    async with gate() as (app, opened, asked):
        alone = Line(app)
        alone.sends(b"NONSENSE\r\n\r\n")
        assert alone.transport.closed
        assert alone.transport.all.startswith(b"HTTP/1.1 400 ")
        behind = Line(app)
        behind.sends(GET + b"NONSENSE\r\n\r\n")
        opened.set()
        await behind.until(lambda: behind.transport.closed)
        assert (asked, behind.transport.all.count(b"HTTP/1.1 ")) == (["/one"], 1)
        assert b" 200 OK" in behind.transport.all


async def test_a_field_behind_the_body_reaches_nobody():
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            continue
        seen.extend(name for name, _ in scope["headers"])
        await answer(send, b"x")

    line = Line(app)
    line.sends(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-User\r\n\r\n1\r\na\r\n")
    line.sends(b"0\r\nX-User: head_office\r\n\r\n")
    await line.until(lambda: line.books.total_requests == 1)
    assert seen == [b"host", b"transfer-encoding", b"trailer"]


async def test_a_long_body_waits_for_the_application_and_reading_goes_on_with_it():
    go, sizes = asyncio.Event(), list[int]()

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await go.wait()
        more = True
        while more:
            message = await receive()
            more = message["more_body"]
            sizes.append(len(message["body"]))
        await answer(send, b"x")

    line = Line(app)
    line.sends(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 80000\r\n\r\n" + b"x" * 70_000)
    assert line.transport.paused
    go.set()
    await line.quiet()
    assert not line.transport.paused
    line.sends(b"x" * 10_000)
    await line.until(lambda: line.books.total_requests == 1)
    assert sum(sizes) == 80_000


async def test_the_rest_of_a_body_that_was_answered_early_is_read_away_and_the_next_request_is_served():
    async with gate() as (app, opened, asked):
        opened.set()
        line = Line(app)
        line.sends(b"POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + b"x" * 100_000)
        await line.until(lambda: line.books.total_requests == 1)
        assert not line.transport.paused
        line.sends(b"x" * 100_000 + SECOND)
        await line.until(lambda: line.books.total_requests == 2)
        assert asked == ["/one", "/two"]


async def test_who_waits_to_be_told_to_go_on_is_told_once_the_body_is_wanted():
    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, (await receive())["body"])

    line = Line(app)
    line.sends(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    await line.until(lambda: line.transport.written == [b"HTTP/1.1 100 Continue\r\n\r\n"])
    line.sends(b"{}")
    await line.until(lambda: line.transport.all.endswith(b"{}"))


async def test_a_client_that_hangs_up_is_noticed_by_whoever_listens_and_hears_nothing_more():
    heard: list[str] = []

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.request"
        heard.append((await receive())["type"])
        await answer(send, b"too late")

    line = Line(app)
    line.sends(GET)
    await line.quiet()
    line.connection.connection_lost(None)
    await line.quiet()
    assert (heard, line.transport.written) == (["http.disconnect"], [])
    assert (line.books.connections, line.books.tasks) == (set(), set())


async def test_a_client_that_does_not_read_makes_the_application_wait():
    line = Line(saying(begun(LENGTH_3), piece(b"yes")))
    line.connection.pause_writing()
    line.sends(GET)
    await line.quiet()
    assert line.transport.written == []
    line.connection.resume_writing()
    await line.until(lambda: b"yes" in line.transport.all)


WRONG = {
    "longer than stated": (begun(LENGTH_3), piece(b"four")),
    "shorter than stated": (begun(LENGTH_3), piece(b"no")),
    "a field that ends its line": (begun((b"location", b"/\r\nset-cookie: a=b"), LENGTH_3), piece(b"yes")),
    "a body first": (piece(b"yes"),),
    "nothing": (),
    "a head alone": (begun(LENGTH_3),),
}


@pytest.mark.parametrize("messages", WRONG.values(), ids=WRONG)
async def test_what_is_no_answer_becomes_a_500_and_the_end_of_the_connection(
    messages: tuple[Message, ...], monkeypatch: pytest.MonkeyPatch
):
    told = Mock()
    monkeypatch.setattr("gateway.forwarding.client_connection.log", told)
    line = Line(saying(*messages))
    line.sends(GET)
    await line.until(lambda: line.transport.closed)
    assert line.transport.all.startswith(b"HTTP/1.1 500 ")
    assert line.transport.all.count(b"HTTP/1.1 ") == 1
    assert b"set-cookie" not in line.transport.all
    assert told.error.called


async def test_an_answer_that_fails_half_way_is_not_ended_as_if_it_were_whole(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gateway.forwarding.client_connection.log", Mock())
    line = Line(saying(begun(), piece(b"abc", more=True)))
    line.sends(GET)
    await line.until(lambda: line.transport.closed)
    assert line.transport.all.endswith(b"3\r\nabc\r\n")


async def test_asked_to_stop_a_connection_ends_at_once_or_after_the_answer_under_way():
    async with gate() as (app, opened, asked):
        idle, busy = Line(app), Line(app)
        busy.sends(GET + SECOND)
        await busy.quiet()
        idle.connection.shutdown()
        busy.connection.shutdown()
        assert (idle.transport.closed, busy.transport.closed) == (True, False)
        opened.set()
        await busy.until(lambda: busy.transport.closed)
        assert b"connection: close\r\n" in busy.transport.all
        assert asked == ["/one"]


async def test_a_connection_is_kept_for_as_long_as_was_set_after_its_last_answer():
    async with gate() as (app, opened, _):
        opened.set()
        line = Line(app, patience=1)
        line.sends(GET)
        await line.until(lambda: line.books.total_requests == 1)
        await asyncio.sleep(0.6)
        line.sends(SECOND)
        await line.until(lambda: line.books.total_requests == 2)
        await asyncio.sleep(0.7)
        assert not line.transport.closed
        await line.until(lambda: line.transport.closed)


async def test_a_limit_that_would_not_be_kept_is_not_taken():
    config = Config(saying(), limit_concurrency=5, log_config=None)
    config.load()
    with pytest.raises(ValueError, match="limit-concurrency"):
        ClientConnection(config, ServerState(), {})
