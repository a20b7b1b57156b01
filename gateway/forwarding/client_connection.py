"""One connection of a client: its requests one after the other, each answered before the next is begun.

uvicorn takes a protocol of one's own (`--http gateway.forwarding.client_connection:ClientConnection`); the server
around it, with its start, its drain and its workers, stays uvicorn's, and the parser stays that of httptools. Written
here because each forwarded request passes it: one write for an answer in place of two, one timer for a connection in
place of one for each request, and no second look at what the edge looks at anyway.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.config import Config
from uvicorn.server import ServerState

from gateway.forwarding.client_turn import Fields, Turn

log = logging.getLogger("uvicorn.error")

_WORDS = b"Invalid HTTP request received."
_REFUSED = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(_WORDS), _WORDS)
)
_FAILED = {
    "type": "http.response.start", "status": 500,
    "headers": [
        (b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"21"), (b"connection", b"close"),
    ],
}  # fmt: skip
_FAILED_BODY = {"type": "http.response.body", "body": b"Internal Server Error"}


class ClientConnection(asyncio.Protocol):
    """As uvicorn makes, counts and shuts them down."""

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:  # fmt: skip
        if config.limit_concurrency is not None or config.root_path:
            raise ValueError("--limit-concurrency and --root-path are not heeded here")
        self.lost = self.closing = False
        self.writable: asyncio.Future[None] | None = None
        self._app: Any = config.loaded_app
        self._patience = config.timeout_keep_alive
        self._server_state = server_state
        self._app_state = app_state
        self._loop = _loop or asyncio.get_running_loop()
        self._parser: Any = httptools.HttpRequestParser(self)
        # what comes behind a request that was to be the last one is not read, and spoils nothing
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._transport: Any = None
        self._ends: dict[str, Any] = {}
        self._url, self._fields, self._headed, self._wants_continue = b"", [], False, False
        self._coming: Turn | None = None
        """The request that is being read."""
        self._turn: Turn | None = None
        """The one that is being answered."""
        self._queue: deque[Turn] = deque()
        """Those that came before their turn."""
        self._deaf = False
        self._idle_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    # --- what the loop tells ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._server_state.connections.add(self)  # type: ignore[arg-type]
        self._transport = transport
        peer, own = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self._ends = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "root_path": "",
            "scheme": "http" if transport.get_extra_info("sslcontext") is None else "https",
            "client": _place(peer), "server": _place(own),
        }  # fmt: skip

    def connection_lost(self, exc: Exception | None) -> None:
        self._server_state.connections.discard(self)  # type: ignore[arg-type]
        self.lost = True
        self._queue.clear()
        self.resume_writing()
        if self._turn is not None:
            self._turn.wake()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        # each holds the other
        self._parser = None

    def pause_writing(self) -> None:
        self.writable = self._loop.create_future()

    def resume_writing(self) -> None:
        writable, self.writable = self.writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._idle_since = None
        if self._transport.is_closing():
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # no other protocol is spoken here: what follows is no request
            self.closing = True
        except httptools.HttpParserError:
            self._refuse()

    def _refuse(self) -> None:
        """Bytes that are no request. What was asked before them is still answered, and then nothing more."""
        log.warning(_WORDS.decode())
        turn = self._turn
        if turn is not None and turn.whole:
            self.closing = True
            return
        if turn is None or not turn.started:
            self._transport.write(_REFUSED)
        self._transport.close()

    def shutdown(self) -> None:
        """Asked to stop: at once where nothing is under way, else after the answer that is."""
        self.closing = True
        if self._turn is None:
            self._transport.close()

    # --- what the parser tells ----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._url, self._fields, self._headed, self._wants_continue = b"", [], False, False
        self._coming = None

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        # fields behind a body come when the request was already judged: nobody hears of them
        if self._headed:
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self._wants_continue = True
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        parser = self._parser
        version, url = parser.get_http_version(), httptools.parse_url(self._url)
        path, self._headed = url.path.decode("ascii"), True
        scope = {
            **self._ends,
            "http_version": version,
            "method": parser.get_method().decode("ascii"),
            "path": unquote(path) if "%" in path else path,
            "raw_path": url.path,
            "query_string": url.query or b"",
            "headers": self._fields,
            "state": self._app_state.copy(),
        }
        last = version == "1.0" or not parser.should_keep_alive()
        turn = self._coming = Turn(self, scope, last=last, wants_continue=self._wants_continue)
        if self._turn is None:
            self._begin(turn)
        else:
            self._queue.append(turn)
            self._hear_no_more()

    def on_body(self, body: bytes) -> None:
        if self._coming is not None and self._coming.piece(body):
            self._hear_no_more()

    def on_message_complete(self) -> None:
        if self._coming is not None:
            self._coming.end()

    # --- one request after the other ----------------------------------------------------------------------------------

    def _begin(self, turn: Turn) -> None:
        self._turn = turn
        self.closing = self.closing or turn.last
        turn.work = self._loop.create_task(self._serve(turn))
        self._server_state.tasks.add(turn.work)

    async def _serve(self, turn: Turn) -> None:
        try:
            await self._app(turn.scope, turn.receive, turn.send)
            if not turn.answered and not self.lost:
                raise RuntimeError("the application ended without an answer")
        except BaseException as fault:
            log.error("Exception in ASGI application\n", exc_info=fault)
            if not self.lost and turn.take_back():
                await turn.send(_FAILED)
                await turn.send(_FAILED_BODY)
            elif not turn.answered:
                self._transport.close()
        finally:
            if turn.work is not None:
                self._server_state.tasks.discard(turn.work)
                # each holds the other
                turn.work = None

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def fields(self) -> Fields:
        """What every answer carries: the date."""
        return self._server_state.default_headers

    def hear_on(self) -> None:
        """Read again. Who sends further requests before his answer is not heard until it is his turn."""
        if self._deaf and not self._queue:
            self._deaf = False
            self._transport.resume_reading()

    def _hear_no_more(self) -> None:
        if not self._deaf:
            self._deaf = True
            self._transport.pause_reading()

    def answered(self) -> None:
        """The answer of this turn is out."""
        self._server_state.total_requests += 1
        self._turn = None
        if self.closing:
            self._transport.close()
        elif self._queue:
            self._begin(self._queue.popleft())
        else:
            self.hear_on()
            self._idle_since = now = self._loop.time()
            if self._timer is None:
                self._timer = self._loop.call_at(now + self._patience, self._rung)

    def _rung(self) -> None:
        """The timer goes on running from one pause to the next: most are short."""
        self._timer, since = None, self._idle_since
        if since is None or self.lost:
            return
        if self._loop.time() - since >= self._patience:
            self._transport.close()
        else:
            self._timer = self._loop.call_at(since + self._patience, self._rung)


def _place(told: Any) -> tuple[str, int] | None:
    return (str(told[0]), int(told[1])) if isinstance(told, (tuple, list)) else None
