"""The gateway's forwarding on a real port, in front of services that do what a test tells them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from aiohttp import web
from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from gateway.forwarding.client_connection import ClientConnection
from gateway.forwarding.install import counted, install_forwarding
from gateway.forwarding.table import ForwardedRoute, RouteTable
from gateway.identity.attempts import Origin
from gateway.organisation.tables import UnitRow
from gateway.settings import GatewaySettings
from shared.actor import Actor, machine
from shared.authority import AuthorityTable
from shared.clock import process_now
from shared.database import Database
from shared.errors import StepUpRequired, TokenInvalid
from shared.ids import uuid7
from shared.routing import Room
from shared.rule_sets import read_files
from shared.service import build_app
from tests.support.gateway import SIGNING, settings_of
from tests.support.tokens import MATRIX, ROOT

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Seen:
    """One request as a service received it."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)


@dataclass
class StandIn:
    """A service that remembers what it got and answers as the test says."""

    name: str
    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    behaviour: Behaviour | None = None
    ended_early: asyncio.Event = field(default_factory=asyncio.Event)
    """Set where a request was broken off while it was being answered."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.behaviour is None:
            body = await request.read()
            self.remember(request, body)
            return web.json_response({"service": self.name, "target": request.raw_path})
        try:
            return await self.behaviour(request)
        except asyncio.CancelledError:
            self.ended_early.set()
            raise

    def remember(self, request: web.Request, body: bytes = b"") -> None:
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers]
        self.seen.append(Seen(request.method, request.raw_path, pairs, body))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[StandIn]:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{rest:.*}", self.answer)
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "localhost", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        try:
            yield self
        finally:
            await runner.cleanup()


@dataclass
class KnownPerson:
    """A caller with a token of the test's own making."""

    actor: Actor
    fresh: bool = True

    @property
    def at(self) -> datetime:
        return process_now()

    def refuse_without_step_up(self, _now: Any) -> None:
        if not self.fresh:
            raise StepUpRequired(max_age=300)


@dataclass
class Register:
    """Who is known by which token, in place of the real callers."""

    people: dict[str, KnownPerson] = field(default_factory=dict)

    async def caller_of(self, request: Request) -> KnownPerson:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.people:
            raise TokenInvalid()
        return self.people[token]

    async def tables(self) -> list[AuthorityTable]:
        files = read_files(ROOT / "gateway/authority/rule_sets")
        return [
            AuthorityTable.of(one.version, one.effective_from, one.content["entries"])
            for one in files
            if one.name == "authority_tables"
        ]

    def origin_of(self, request: Request) -> Origin:
        return Origin(request.client.host if request.client else "", uuid7())

    def knows(self, token: str, who: Actor, *, fresh: bool = True) -> str:
        self.people[token] = KnownPerson(who, fresh)
        return token


ROWS: Sequence[Mapping[str, Any]] = (
    {"path": "/v1/claims", "method": "GET", "service": "claims", "permission": "claims.claim.read"},
    {"path": "/v1/claims", "method": "POST", "service": "claims", "permission": "claims.intake.report"},
    {"path": "/v1/claims/searches", "method": "POST", "service": "claims", "permission": "claims.claim.read"},
    {"path": "/v1/claims/{claim_id}", "method": "GET", "service": "claims", "permission": "claims.claim.read"},
    {"path": "/v1/claims/{claim_id}", "method": "PATCH", "service": "claims", "permission": "claims.intake.report"},
    {
        "path": "/v1/claims/{claim_id}/approvals", "method": "POST", "service": "claims",
        "permission": "claims.approval.decide", "step_up": True,
        "amount": {"pointer": "#/amount", "kind": "claim_payment", "step": "#/kind"},
    },
    {
        "path": "/v1/claims/uploads", "method": "POST", "service": "claims", "permission": "claims.intake.report",
        "max_bytes": 4 * 1024 * 1024, "timeout_s": 5,
    },
    {
        "path": "/v1/claims/{claim_id}/slow", "method": "GET", "service": "claims", "permission": "claims.claim.read",
        "timeout_s": 0.3,
    },
    {
        "path": "/v1/claims/{claim_id}/slow", "method": "POST", "service": "claims",
        "permission": "claims.intake.report", "timeout_s": 0.3,
    },
    {"path": "/v1/policies", "method": "GET", "service": "policy", "permission": "policy.policy.read"},
    {"path": "/v1/answers/{answer_token}", "method": "POST", "service": "crm", "public": True},
)  # fmt: skip


@dataclass
class World:
    """The gateway at `port`, the services behind it, and who is known."""

    port: int
    claims: StandIn
    policy: StandIn
    register: Register
    app: FastAPI
    db: Database
    client: httpx.AsyncClient

    async def call(
        self, token: str | None, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        return await self.client.request(method, path, headers=sent, **options)

    async def raw(self, text: bytes, *, within: float = 3.0) -> bytes:
        """Everything that the gateway answers to these bytes until it closes or is silent for a moment."""
        reader, writer = await asyncio.open_connection("localhost", self.port)
        writer.write(text)
        found = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            await writer.drain()
            async with asyncio.timeout(within):
                while piece := await asyncio.wait_for(reader.read(65536), 0.6):
                    found += piece
        writer.close()
        return found

    async def refusals(self) -> list[Mapping[str, Any]]:
        """The refused acts in the gateway's audit trail."""
        from sqlalchemy import select

        from shared.audit import audit_entries

        async with self.db.transaction(machine("gateway")) as tx:
            rows = await tx.execute(
                select(audit_entries).where(audit_entries.c.outcome == "refused").order_by(audit_entries.c.at)
            )
            return [dict(row) for row in rows.mappings()]


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[int]:
    """The application on a port of its own, with the server and the flags of the gateway in production."""
    # the loop sends small pieces at once only on sockets that say they are TCP
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, http=ClientConnection, ws="none", proxy_headers=False, server_header=False, log_config=None,
        timeout_graceful_shutdown=2, lifespan="on",
    )  # fmt: skip
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    work = asyncio.create_task(server.serve(sockets=[taken]))
    while not server.started and not work.done():  # noqa: ASYNC110 - the server tells by a flag alone
        await asyncio.sleep(0.01)
    try:
        yield taken.getsockname()[1]
    finally:
        server.should_exit = True
        await work
        taken.close()


def gateway_app(settings: GatewaySettings, register: Register, routes: RouteTable, own: Sequence[Room] = ()) -> FastAPI:
    """A gateway with one room of its own and the real forwarding."""

    async def authenticate(request: Request) -> Actor:
        return (await register.caller_of(request)).actor

    app = build_app("gateway", settings, (own_room(), *own), authenticate=counted(authenticate))
    app.state.callers, app.state.matrix, app.state.signing_key = register, MATRIX, SIGNING
    install_forwarding(app, settings, routes)
    return app


def own_room() -> Room:
    """A route of the gateway's own, to see that it goes before the forwarding."""
    room = Room()

    @room.reads("/v1/me", None, may="organisation.me.read")
    async def read_me(request: Request) -> Response:
        return Response(request.state.actor.staff_no)

    return room


async def plant_units(db: Database) -> None:
    """The units that `could_decide` is counted over."""
    named = (
        ("00", "00", "head_office", "总公司"),
        ("32", "00.32", "branch", "江苏分公司"),
        ("3201", "00.32.3201", "central_branch", "南京中心支公司"),
        ("320102", "00.32.3201.320102", "sub_branch", "玄武支公司"),
    )
    async with db.transaction(machine("gateway")) as tx:
        for code, path, level, name in named:
            row = UnitRow(
                code=code, org_path=path, level=level, kind="standard", name=name, area_codes=[],
                opened_on=process_now().date(), parent_code=path.split(".")[-2] if "." in path else None,
            )  # fmt: skip
            tx.add(row)
            await tx.flush()


@asynccontextmanager
async def running(
    url: str, folder: Path, *, quotas: Mapping[str, int] | None = None, **changes: Any
) -> AsyncIterator[World]:
    """Two services that stand in, the gateway before them, everything on `localhost`."""
    async with StandIn("claims").running() as claims, StandIn("policy").running() as policy:
        urls = {"claims": f"http://localhost:{claims.port}", "policy": f"http://localhost:{policy.port}"}
        settings = settings_of(url, folder, **({"service_urls": urls, **(quotas or {})} | changes))
        register = Register()
        app = gateway_app(settings, register, RouteTable(ForwardedRoute.of(row) for row in ROWS))
        await plant_units(app.state.db)
        async with served(app) as port:
            client = httpx.AsyncClient(base_url=f"http://localhost:{port}", trust_env=False)
            async with client:
                yield World(port, claims, policy, register, app, app.state.db, client)
