"""The forwarding itself: a raw ASGI application behind the gateway's own rooms.

It answers for everything that they do not: a path of the table goes to its service, everything else does not exist.
Bodies stream in both directions; when the client hangs up, the request to the service ends too.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog
from starlette.types import Message, Receive, Scope, Send

from gateway.forwarding import headers, table
from gateway.forwarding.answers import refuse
from gateway.forwarding.connection import Connection
from gateway.forwarding.door import Door
from gateway.forwarding.hearing import Hearing
from gateway.forwarding.request_body import ClientGone, RequestBody
from gateway.forwarding.table import ForwardedRoute, RouteTable
from gateway.forwarding.upstreams import NextRequest, Upstreams
from shared.errors import NotFound, Problem
from shared.problems import unexpected
from shared.telemetry import traceparent

log = structlog.get_logger()

BODY_IDLE_S = 30.0
"""How long a service may pause within an answer."""
UNMATCHED = "unmatched"
CLIENT_GONE = 499


class Forwarding:
    """`app(scope, receive, send)` for every path that is not the gateway's own."""

    def __init__(self, routes: RouteTable, upstreams: Upstreams, door: Door) -> None:
        self.table = routes
        self.upstreams = upstreams
        self.door = door
        self.hearing = Hearing()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, template = scope["path"], UNMATCHED
        try:
            place = scope["state"].get("place") or self.table.find(path)
            if place is None:
                await self.door.caller(scope)
                raise NotFound()
            route = place.route(scope["method"])
            template = route.path
            # stands where a framework's route would: its path is the label of metrics and access lines
            scope["route"] = route
            body = RequestBody(scope["headers"], receive, route.max_bytes)
            token = await self.door.admit(scope, route, body)
            await self._pass_on(scope, send, path, route, body, token)
        except ClientGone:
            log.info("client_gone", route=template)
            if not scope["state"].get("answering"):
                # nobody hears it; the access line and the metrics do
                with suppress(OSError):
                    await send({"type": "http.response.start", "status": CLIENT_GONE, "headers": []})
        except Problem as problem:
            if scope["state"].get("answering"):
                raise
            await refuse(scope, send, await self._noted(scope, problem, template, path))
        except Exception as fault:
            # nothing of the framework stands around this
            log.error("failed", exc_info=fault)
            if scope["state"].get("answering"):
                raise
            await refuse(scope, send, unexpected())

    async def _noted(self, scope: Scope, problem: Problem, template: str, path: str) -> Problem:
        """`problem`, once it is written down; where that fails, the refusal of the database."""
        try:
            await self.door.note(scope, problem, template, path)
        except Problem as unwritten:
            return unwritten
        return problem

    async def _pass_on(
        self, scope: Scope, send: Send, path: str, route: ForwardedRoute, body: RequestBody, token: str | None
    ) -> None:
        query = scope["query_string"].decode("ascii")
        if body.small:
            await body.whole()
        state = scope["state"]
        request = NextRequest(
            method=scope["method"],
            target=table.written(path) + (f"?{query}" if query else ""),
            headers=headers.onward(
                scope["headers"], token=token, request_id=state["request_id"], traceparent=traceparent()
            ),
            timeout_s=route.timeout_s,
            body=body,
        )
        waiting = self.hearing.enter(body)
        try:
            async with self.upstreams.of(route.service).exchange(request) as answer:
                state["answering"] = True
                await _relay(answer, send)
        except asyncio.CancelledError:
            if waiting.gone and waiting.work.uncancel() <= 0:
                raise ClientGone() from None
            raise
        finally:
            self.hearing.leave(waiting)


async def _relay(answer: Connection, send: Send) -> None:
    start: Message = {"type": "http.response.start", "status": answer.status, "headers": headers.back(answer.fields)}
    await send(start)
    more = True
    if not answer.begun:
        # the head goes out with the first piece, unless that is still to come
        await send({"type": "http.response.body", "body": b"", "more_body": True})
    while more:
        # most answers are there whole with their head: no waiting, and no clock for it
        piece = answer.take() or await answer.more(BODY_IDLE_S)
        more = not answer.whole
        await send({"type": "http.response.body", "body": piece, "more_body": more})
