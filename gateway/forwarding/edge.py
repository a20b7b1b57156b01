"""The outer skin of the gateway, inside trace and request id: every request passes it, its own rooms' too.

It relies on no proxy in front. What is not plain is refused and the connection closed, and every answer tells how much
of its rate is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.forwarding import table
from gateway.forwarding.answers import refuse
from gateway.forwarding.door import KnownCallers
from gateway.forwarding.headers import refuse_unclean
from gateway.forwarding.rate_limit import RateLimit, signs_in
from gateway.forwarding.table import Place
from shared.errors import Problem, RateLimited

HIDDEN = frozenset({"/metrics"})
"""Served by the same application, never on the published port."""


class Edge:
    """Middleware: framing, header fields, `Host`, methods and path are what they seem, or the request ends here."""

    def __init__(
        self, app: ASGIApp, *, hosts: Sequence[str], rate_limit: RateLimit, callers: Callable[[], KnownCallers],
        methods_at: Callable[[str], set[str]], elsewhere: Callable[[], ASGIApp],
        forwards: Callable[[str], Place | None],
    ) -> None:  # fmt: skip
        self.app = app
        self.hosts = hosts
        self.rate_limit = rate_limit
        self.callers = callers
        self.methods_at = methods_at
        self.elsewhere = elsewhere
        self.forwards = forwards

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1003})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            self._refuse_unclean(scope)
        except Problem as problem:
            await refuse(scope, self._counted(scope, send), problem, close=problem.status in (400, 431))
            return
        try:
            self._count_stranger(scope)
        except RateLimited as problem:
            await refuse(scope, self._counted(scope, send), problem)
            return
        # what only a service can answer need not be compared with every route of the gateway's own first
        place = self.forwards(scope["path"])
        if place is not None:
            scope["state"]["place"] = place
        app = self.elsewhere() if place is not None or scope["path"] in HIDDEN else self.app
        await app(scope, receive, self._counted(scope, send))

    def _refuse_unclean(self, scope: Scope) -> None:
        raw = scope.get("raw_path") or scope["path"].encode()
        # the address line of some servers carries the query; the path ends before it
        scope["raw_path"] = raw = raw.partition(b"?")[0]
        refuse_unclean(raw, scope["query_string"], scope["headers"], self.hosts, scope["method"])
        path = table.normalised(raw)
        scope["path"] = path
        if scope["method"] in ("TRACE", "CONNECT"):
            raise table.not_allowed(self.methods_at(path))

    def _count_stranger(self, scope: Scope) -> None:
        """Requests that state nobody, and sign-ins, count for the address that they come from."""
        if signs_in(scope) or all(name != b"authorization" for name, _ in scope["headers"]):
            self.rate_limit.count_source(scope, self._source(scope))

    def _source(self, scope: Scope) -> str:
        return self.callers().origin_of(Request(scope)).source

    def _counted(self, scope: Scope, send: Send) -> Send:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self._rate_headers(scope)]
            await send(message)

        return tell

    def _rate_headers(self, scope: Any) -> list[tuple[bytes, bytes]]:
        state = scope["state"]
        if "rate" not in state:
            # a token that does not hold names nobody: it counts for its address
            with suppress(RateLimited):
                self.rate_limit.count_source(scope, self._source(scope))
        return state["rate"].headers()
