"""One request of a client and its answer, as the application sees them: `scope`, `receive`, `send`.

The head of an answer that states its length goes out together with the first piece of its body, in one write; an empty
piece with more to come sends it at once, for whoever has to wait for the first byte.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, Protocol

from starlette.types import Message

HELD_BYTES = 64 * 1024
"""So much of a request's body waits for the application before its client has to wait."""

_BODILESS = (204, 304)
_LINES = {one.value: b"HTTP/1.1 %d %b\r\n" % (one.value, one.phrase.encode()) for one in HTTPStatus}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

Fields = list[tuple[bytes, bytes]]


class Line(Protocol):
    """The connection, as far as one of its requests needs it."""

    lost: bool
    closing: bool
    """Whether this answer is the last one."""
    writable: asyncio.Future[None] | None
    """Where the client has to catch up first: until when."""

    def write(self, data: bytes) -> None: ...

    def hear_on(self) -> None: ...

    def answered(self) -> None: ...

    def fields(self) -> Fields: ...


class WrongAnswer(RuntimeError):
    """The application said something that is no answer, or could be read as two."""


class Turn:
    """`scope`, and what the application calls."""

    __slots__ = (
        "_body", "_chunked", "_head", "_left", "_line", "_more", "_news", "_only_head", "_told", "_wants_continue",
        "answered", "last", "scope", "started", "work",
    )  # fmt: skip

    def __init__(self, line: Line, scope: dict[str, Any], *, last: bool, wants_continue: bool) -> None:
        self.scope = scope
        self.last = last
        """Whether the client wants no other answer on this connection."""
        self.started = False
        """Whether something of the answer has gone out."""
        self.answered = False
        self.work: asyncio.Task[None] | None = None
        """What answers it, as long as it runs."""
        self._line = line
        self._wants_continue = wants_continue
        self._only_head = scope["method"] == "HEAD"
        self._body = bytearray()
        self._more = True
        self._news = False
        self._told: asyncio.Event | None = None
        self._head: bytes | None = None
        self._chunked = False
        self._left = 0

    # --- what the connection tells ------------------------------------------------------------------------------------

    def piece(self, body: bytes) -> bool:
        """More of the request's body; whether it is enough for now. What comes after the answer interests nobody."""
        if self.answered:
            return False
        self._body += body
        self._news = True
        self.wake()
        return len(self._body) > HELD_BYTES

    def end(self) -> None:
        """The request is here whole."""
        self._more, self._news = False, True
        self.wake()

    @property
    def whole(self) -> bool:
        """Whether all of the request was read."""
        return not self._more

    def wake(self) -> None:
        """Something has changed for whoever waits in `receive`."""
        if self._told is not None:
            self._told.set()

    # --- what the application calls -----------------------------------------------------------------------------------

    async def receive(self) -> Message:
        """The next piece of the body; after the last one, the end of the connection or of the answer."""
        line = self._line
        if self._wants_continue and not self.started and not line.lost:
            self._wants_continue = False
            line.write(_CONTINUE)
        while not (self._news or self.answered or line.lost):
            line.hear_on()
            if self._told is None:
                self._told = asyncio.Event()
            self._told.clear()
            await self._told.wait()
        if self.answered or line.lost:
            return {"type": "http.disconnect"}
        body, self._body, self._news = bytes(self._body), bytearray(), False
        return {"type": "http.request", "body": body, "more_body": self._more}

    async def send(self, message: Message) -> None:
        """Raises `WrongAnswer`. What is said after the client has gone is heard by nobody."""
        line = self._line
        if line.writable is not None and not line.lost:
            await line.writable
        if line.lost:
            return
        kind = message["type"]
        if kind == "http.response.body" and (self._head is not None or self.started) and not self.answered:
            self._send_piece(message.get("body", b""), more=message.get("more_body", False))
        elif kind == "http.response.start" and self._head is None and not self.started:
            self._begin(message["status"], message.get("headers", ()))
        else:
            raise WrongAnswer(kind)

    def _begin(self, status: int, fields: Any) -> None:
        line, lines, length = self._line, [_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status], None
        closes = chunked = False
        fields = (*line.fields(), *fields)
        for name, value in fields:
            if name == b"content-length":
                length = int(value)
            elif name == b"transfer-encoding":
                chunked = value.lower() == b"chunked"
            elif name == b"connection":
                closes = b"close" in value.lower()
            lines += (name, b": ", value, b"\r\n")
        line.closing = closes or line.closing
        if line.closing and not closes:
            lines.append(b"connection: close\r\n")
        self._chunked = chunked or (length is None and not self._only_head and status not in _BODILESS)
        if self._chunked and not chunked:
            lines.append(b"transfer-encoding: chunked\r\n")
        head = b"".join(lines)
        ends = 1 + len(fields) + (line.closing and not closes) + (self._chunked and not chunked)
        if head.count(b"\n") != ends or head.count(b"\r") != ends or b"\0" in head:
            raise WrongAnswer("a field that would end its own line")
        self._left = 0 if self._chunked or self._only_head else length or 0
        self._head = head + b"\r\n"
        if length is None:
            self._write(b"")

    def _send_piece(self, body: bytes, *, more: bool) -> None:
        if self._only_head:
            body = b""
        elif self._chunked:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"" if more else b"0\r\n\r\n")
        else:
            self._left -= len(body)
            if self._left < 0 or (self._left and not more):
                raise WrongAnswer("another length than was stated")
        self._write(body)
        if not more:
            self.answered = True
            self.wake()
            self._line.answered()

    def _write(self, data: bytes) -> None:
        head, self._head = self._head, None
        if head is not None:
            self.started = True
            data = head + data
        if data:
            self._line.write(data)

    def take_back(self) -> bool:
        """Whether another answer can still be given in place of the one begun."""
        self._head = None
        return not self.started
