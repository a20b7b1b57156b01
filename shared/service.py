"""One deployable's HTTP side: one order of layers for all, health, problems, documents.

request in → trace and request id → what else sees it first → framework → route (caller, permission, parameters)
answer out ← access line and metrics ← problem answers ←
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, iter_route_contexts
from prometheus_client import Counter, Histogram
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import audit
from shared.actor import SAFE_METHODS, Actor, Statements
from shared.database import Database
from shared.database_faults import refuse_unsafe_role
from shared.errors import (
    BodyTooLarge,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    TokenInvalid,
    UnsupportedMediaType,
)
from shared.event_gaps import event_gap_routes
from shared.health import health_routes
from shared.idempotency import Replayed
from shared.ids import uuid7
from shared.logging import configure, log_answered
from shared.logging import request_id as logged_request
from shared.problems import from_validation, language_of, unexpected, written
from shared.routing import Room, sent
from shared.settings import DeployableSettings, refuse_test_switches
from shared.telemetry import continue_trace
from shared.unit_moves import unit_record_routes

log = structlog.get_logger()

_SECONDS = Histogram("http_request_seconds", "Time to answer", ["method", "route", "status"])
_PROBLEMS = Counter("http_problems", "Refusals by code", ["code"])
_REFUSALS = (403, 404, 409)

Authenticate = Callable[[Request], Awaitable[Actor]]


class Application(FastAPI):
    """The framework's application behind layers of our own, the last of `layers` outermost.

    They see a request before the framework does, which need not see all of them, and its answer to a failure too.
    """

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self.layers: list[Callable[[ASGIApp], ASGIApp]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.middleware_stack is not None:
            # what the framework does on this way is for its own telemetry, which is switched off
            scope["app"] = self
            await self.middleware_stack(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        built = super().build_middleware_stack()
        for layer in self.layers:
            built = layer(built)
        return built


def build_app(
    service: str,
    settings: DeployableSettings,
    rooms: Iterable[Room],
    *,
    authenticate: Authenticate | None = None,
    prepare: Callable[[FastAPI, Database], Awaitable[None]] | None = None,
) -> Application:
    """The application of one deployable.

    `prepare` loads what its handlers find on `app.state` (rule sets, directory).
    """
    refuse_test_switches()
    configure(service)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await refuse_unsafe_role(app.state.db)
        if prepare is not None:
            await prepare(app, app.state.db)
        yield
        await app.state.db.close()

    app = Application(
        title=f"Anlan {service}", version="1", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None,
        separate_input_output_schemas=False, generate_unique_id_function=_operation_id,
        # traces, metrics and lines are our own; the framework would look with every request whether it should add its
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )  # fmt: skip
    app.state.service = service
    app.state.settings = settings
    app.state.secret = settings.secret()
    app.state.db = Database(service, settings.database(), pool=settings.database_pool)
    app.state.authenticate = authenticate or internal_token(service, settings)
    views = () if service == "gateway" else (unit_record_routes(), event_gap_routes())
    for room in (*rooms, *views, health_routes()):
        app.include_router(room)
    _answer_problems(app)
    app.layers.append(partial(Frame, service=service))
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


def internal_token(service: str, settings: DeployableSettings) -> Authenticate:
    """The caller as stated by the gateway's token for this service; nothing else is accepted."""
    statements = Statements(settings.keys(), service)

    async def authenticate(request: Request) -> Actor:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenInvalid()
        return statements.actor(token, request.state.request_uuid, reading=request.method in SAFE_METHODS)

    return authenticate


class Frame:
    """The outermost layer: trace, request id, access line, metrics, and the answer to what nobody expected."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = received = None
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                given = value
            elif name == b"traceparent":
                received = value
        made = _request_id(given)
        request_id = str(made)
        tag = (b"x-request-id", request_id.encode())
        scope.setdefault("state", {}).update(request_id=request_id, request_uuid=made)
        started, status = time.perf_counter(), 500

        async def tagged(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), tag]
            await send(message)

        with continue_trace(None if received is None else received.decode("latin-1")):
            known = logged_request.set(request_id)
            try:
                await self.app(scope, receive, tagged)
            finally:
                self._account(scope, status, time.perf_counter() - started)
                logged_request.reset(known)

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"]
        _seconds_of(method, route, status).observe(seconds)
        actor = scope.get("state", {}).get("actor")
        log_answered(method, route, status, seconds, None if actor is None else actor.person_id)


@lru_cache(maxsize=4096)
def _seconds_of(method: str, route: str, status: int) -> Histogram:
    return _SECONDS.labels(method, route, str(status))


def _request_id(given: bytes | None) -> UUID:
    try:
        return UUID(given.decode("latin-1")) if given else uuid7()
    except ValueError:
        return uuid7()


def _answer_problems(app: FastAPI) -> None:
    async def refused(request: Request, problem: Exception) -> Response:
        found = _as_problem(request, problem)
        _PROBLEMS.labels(found.code).inc()
        if found.status >= 500:
            log.error("failed", code=found.code, exc_info=problem)
        await _audit_refusal(request, found)
        language = language_of(request.headers.get("accept-language"))
        body, headers = written(
            found, language=language, instance=request.url.path, request_id=request.state.request_id
        )
        return Response(body, found.status, headers)

    async def replayed(_request: Request, answer: Exception) -> Response:
        assert isinstance(answer, Replayed)  # noqa: S101 - registered for this class alone
        return sent(answer.answer)

    app.add_exception_handler(Replayed, replayed)
    for kind in (Problem, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, refused)


def _as_problem(request: Request, fault: Exception) -> Problem:
    if isinstance(fault, Problem):
        return fault
    if isinstance(fault, RequestValidationError):
        return from_validation(fault.errors())
    if isinstance(fault, HTTPException):
        return _of_http(request, fault)
    return unexpected()


def _of_http(request: Request, fault: HTTPException) -> Problem:
    if fault.status_code == 405:
        allowed = methods_at(request.app, request.url.path)
        problem = MethodNotAllowed()
        problem.response_headers = lambda: {"Allow": ", ".join(sorted(allowed))}  # type: ignore[method-assign]
        return problem
    if fault.status_code == 413:
        return BodyTooLarge(**({"max_bytes": int(fault.detail)} if fault.detail.isdigit() else {}))
    known = {404: NotFound, 400: MalformedRequest, 415: UnsupportedMediaType}
    return known.get(fault.status_code, MalformedRequest)() if fault.status_code < 500 else unexpected()


def methods_at(app: FastAPI, path: str) -> set[str]:
    """Every method that the path has, over all routes that match it."""
    found: set[str] = set()
    for context in iter_route_contexts(app.routes):
        pattern = getattr(context, "path_regex", None)
        if pattern is not None and pattern.match(path):
            found |= set(context.methods or ())
    return found


async def _audit_refusal(request: Request, problem: Problem) -> None:
    """The one entry of a refused write: 403, 404, 409, or the 401 of a known caller; a dry run writes nothing."""
    actor: Actor | None = getattr(request.state, "actor", None)
    if actor is None or request.method in ("GET", "HEAD", "OPTIONS") or problem.status not in (401, *_REFUSALS):
        return
    if request.query_params.get("dry_run") == "true" or request.url.path.endswith("/searches"):
        return
    route = getattr(request.scope.get("route"), "path", request.url.path)
    entry = audit.Entry(
        action=f"{request.method} {route}", object_type="request", object_id=_first_id(request), org_path=actor.scope,
        outcome="refused", reason=problem.code, in_history=False,
    )  # fmt: skip
    # a delegation that has just run out refuses the write, and still is what its entry names
    async with request.app.state.db.transaction(replace(actor, acting_until=None)) as tx:
        tx.note_act(entry)


def _first_id(request: Request) -> UUID | None:
    for value in request.path_params.values():
        try:
            return value if isinstance(value, UUID) else UUID(str(value))
        except ValueError:
            continue
    return None
