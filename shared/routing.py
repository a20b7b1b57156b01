"""Routes: each one declares its permission, or it cannot be registered.

`Room` is the router of one room. Its methods read as what they are (`reads`, `posts`, `puts`, `patches`, `deletes`)
and need `may="service.noun.verb"`; `public=True` is the one other way and is counted by a test. Before the endpoint
runs, the caller is known, holds the permission, and every query parameter is one that the route knows.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Message

from shared.actor import Actor
from shared.concurrency import expected_version
from shared.database import Database
from shared.database_faults import Contended
from shared.errors import BodyTooLarge, Fault, IdempotencyKeyMissing, Text, UnknownParameter
from shared.idempotency import Answer, RequestKey
from shared.problems import language_of

RETRIES = 3
MONEY_KEEP = timedelta(days=30)
DEFAULT_MAX_BYTES = 1024 * 1024


class GuardedRoute(APIRoute):
    """A route that cannot exist without its permission (or its declaration as public)."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if not hasattr(endpoint, "__permission__"):
            raise TypeError(f"{path}: register routes through Room, with may= or public=True")
        self.permission: str | None = vars(endpoint)["__permission__"]
        self.free_query: bool = vars(endpoint)["__free_query__"]
        self.max_bytes: int = vars(endpoint)["__max_bytes__"]
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = None if self.free_query else set(_query_names(self.dependant))

        async def guarded(request: Request) -> Response:
            if self.permission is not None:
                request.state.actor = await request.app.state.authenticate(request)
                request.state.actor.require(self.permission)
            if known is not None:
                _refuse_unknown(request, known)
            _limit(request, self.max_bytes)
            return await _again_when_contended(handle, request)

        return guarded


def _query_names(dependant: Dependant) -> Iterator[str]:
    """The query parameters of an endpoint and of all that it depends on; those of a model are its fields."""
    for field in dependant.query_params:
        model = field.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield from (one.alias or name for name, one in model.model_fields.items())
        else:
            yield field.alias
    for needed in dependant.dependencies:
        yield from _query_names(needed)


def _refuse_unknown(request: Request, known: set[str]) -> None:
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        words = Text("不支持该查询参数。", "This query parameter is not known.")
        raise UnknownParameter(*(Fault("unknown_parameter", words, parameter=name) for name in unknown))


def _limit(request: Request, max_bytes: int) -> None:
    """Refuse a body that says it is too large at once, and one that turns out to be while it is read."""
    declared, receive, size = request.headers.get("content-length", ""), request._receive, 0
    if declared.isdigit() and int(declared) > max_bytes:
        raise BodyTooLarge(max_bytes=max_bytes)

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > max_bytes:
            # the framework lets no other kind of refusal through while it reads a body
            raise HTTPException(413, str(max_bytes))
        return message

    request._receive = counted


async def _again_when_contended(
    handle: Callable[[Request], Coroutine[Any, Any, Response]], request: Request
) -> Response:
    """A deadlock undid the whole use case: run it again, a few times, before telling the caller to."""
    for attempt in range(RETRIES):
        try:
            return await handle(request)
        except Contended:
            if request._stream_consumed and not hasattr(request, "_body"):
                raise  # a body that was read as a stream is gone: only the caller can send it again, with the same key
            await asyncio.sleep(random.uniform(0.01, 0.05) * (attempt + 1))  # noqa: S311 - jitter, not a secret
    return await handle(request)


class Room(APIRouter):
    """The routes of one room."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=GuardedRoute, **options)

    def _route(self, method: str, path: str, answers: Any, status: int, may: str | None, **declared: Any):
        public, free_query = declared.pop("public", False), declared.pop("free_query", False)
        if (may is None) != public:
            raise TypeError(f"{method} {path}: give may= or public=True")
        extra = {f"x-{name.replace('_', '-')}": value for name, value in declared.items() if value is not None}
        if may is not None:
            extra["x-permission"] = may

        def register(endpoint: Callable[..., Any]) -> Callable[..., Any]:
            endpoint.__permission__ = may  # type: ignore[attr-defined]
            endpoint.__free_query__ = free_query  # type: ignore[attr-defined]
            endpoint.__max_bytes__ = declared.get("max_bytes") or DEFAULT_MAX_BYTES  # type: ignore[attr-defined]
            self.add_api_route(
                path, endpoint, methods=[method], response_model=answers, status_code=status, openapi_extra=extra
            )
            return endpoint

        return register

    def reads(self, path: str, answers: Any, *, may: str | None = None, free_query: bool = False, public: bool = False):
        """`free_query`: a list, whose parameters its `Listing` checks itself."""
        return self._route("GET", path, answers, 200, may, free_query=free_query, public=public)

    def posts(
        self, path: str, answers: Any, *, may: str | None = None, status: int = 201, public: bool = False,
        amount: dict[str, str] | None = None, step_up: bool | None = None, timeout_s: int | None = None,
        max_bytes: int | None = None,
    ):  # fmt: skip
        """`amount`: where the body states money `{pointer, kind, step?}`; `step_up`: wants the password again."""
        return self._route(
            "POST", path, answers, status, may, public=public, amount=amount, step_up=step_up, timeout_s=timeout_s,
            max_bytes=max_bytes,
        )  # fmt: skip

    def puts(self, path: str, answers: Any, *, may: str, status: int = 200, max_bytes: int | None = None):
        return self._route("PUT", path, answers, status, may, max_bytes=max_bytes)

    def patches(self, path: str, answers: Any, *, may: str):
        return self._route("PATCH", path, answers, 200, may)

    def deletes(
        self, path: str, answers: Any = None, *, may: str | None = None, status: int = 200, public: bool = False
    ):
        return self._route("DELETE", path, answers, status, may, public=public)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as a handler or query needs it."""

    db: Database
    actor: Actor
    key: RequestKey
    language: str
    state: Any
    """What the deployable put on `app.state`: rule sets, directory, settings."""


@dataclass(frozen=True, slots=True)
class Changing(Call):
    """A request that changes an existing record; `version` is the one the caller has seen."""

    version: int | None


def _route_key(request: Request) -> str:
    return f"{request.method} {request.url.path}"


async def _reading(request: Request) -> Call:
    state = request.app.state
    language = language_of(request.headers.get("accept-language"))
    return Call(state.db, request.state.actor, RequestKey(route=_route_key(request)), language, state)


DryRun = Annotated[bool, Query(description="Check everything, store nothing, answer what would result.")]
KeyHeader = Annotated[str | None, Header(alias="Idempotency-Key", description="The client's own key of this intent.")]
MatchHeader = Annotated[str | None, Header(alias="If-Match", description='The version seen, in quotes: `"7"`.')]


async def _key(request: Request, dry_run: bool, given: str | None) -> RequestKey:
    route = _route_key(request)
    if dry_run:
        return RequestKey(route=route, dry_run=True)
    text = (given or "").strip()
    text = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    if not text or len(text) > 200:
        words = Text("该请求必须携带 Idempotency-Key。", "Send an Idempotency-Key of at most 200 characters.")
        raise IdempotencyKeyMissing(Fault("idempotency_key_missing", words, header="Idempotency-Key"))
    keep = MONEY_KEEP if "/payments" in request.url.path else timedelta(hours=24)
    streamed = request.headers.get("content-type", "").startswith(("multipart/", "application/x-ndjson"))
    # A stream is read once and by its use case alone; its length is what can be compared before that.
    body = request.headers.get("content-length", "").encode() if streamed else await request.body()
    return RequestKey(route=route, key=text, body_hash=hashlib.sha256(body).digest(), keep=keep)


async def _creating(request: Request, dry_run: DryRun = False, key: KeyHeader = None) -> Call:
    known = await _key(request, dry_run, key)
    language = language_of(request.headers.get("accept-language"))
    return Call(request.app.state.db, request.state.actor, known, language, request.app.state)


async def _posting(
    request: Request, dry_run: DryRun = False, key: KeyHeader = None, if_match: MatchHeader = None
) -> Changing:
    call = await _creating(request, dry_run, key)
    return Changing(call.db, call.actor, call.key, call.language, call.state, expected_version(if_match))


async def _editing(request: Request, if_match: MatchHeader = None) -> Changing:
    call = await _reading(request)
    return Changing(call.db, call.actor, call.key, call.language, call.state, expected_version(if_match))


Reads = Annotated[Call, Depends(_reading)]
"""A GET, or a POST that stores nothing (searches)."""
Creates = Annotated[Call, Depends(_creating)]
"""A POST that makes a record: needs an Idempotency-Key unless `dry_run`."""
Changes = Annotated[Changing, Depends(_posting)]
"""A POST whose fact changes the record it lies below: needs Idempotency-Key and If-Match."""
Edits = Annotated[Changing, Depends(_editing)]
"""PUT, PATCH, DELETE of a record: needs If-Match."""


def sent(answer: Answer) -> Response:
    """The stored answer as it leaves the service."""
    headers = {"Cache-Control": "private, no-store", **answer.headers}
    return Response(answer.body, answer.status, headers, media_type="application/json")


def shown(out: BaseModel, *, version: int | None = None, fields: frozenset[str] | None = None) -> Response:
    """A representation that was read: never cached; its ETag where it is one record; trimmed to `fields` in lists."""
    headers = {"Cache-Control": "private, no-store"}
    if version is not None:
        headers["ETag"] = f'"{version}"'
    include: Any = None if fields is None else _trimmed(out, fields)
    return Response(
        out.model_dump_json(by_alias=True, exclude_none=True, include=include),
        200,
        headers,
        media_type="application/json",
    )


def _trimmed(out: BaseModel, fields: frozenset[str]) -> Any:
    kept = set(fields) | {"id", "version"}
    if "items" in type(out).model_fields:
        return {"items": {"__all__": kept}, "next_cursor": True, "total": True, "total_exact": True}
    return kept
