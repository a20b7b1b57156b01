"""The caller behind a request: the token verified, and the person, appointment and session as they are now.

What was looked up is remembered for a few seconds. A change in this process forgets it at once (`forget`), one in
another process as soon as PostgreSQL has told (`follow`); while nobody listens, nothing is remembered.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from fastapi import FastAPI, Request
from joserfc.jwk import KeySet

from gateway.authority.queries import published_tables
from gateway.authority.rules import Matrix
from gateway.identity import queries, rules, tokens
from gateway.identity.attempts import Door, Origin
from gateway.identity.issuer import Issuer, terms_of
from gateway.identity.known import Known, Seat
from gateway.identity.verified_tokens import VerifiedTokens
from gateway.organisation.handlers import CHANNEL
from gateway.settings import GatewaySettings
from shared.actor import Actor, machine
from shared.authority import AuthorityTable, in_force
from shared.clock import legal_day, process_now
from shared.database import Database
from shared.errors import TokenInvalid

log = structlog.get_logger()

PERMISSIONS = Path(__file__).parent.parent / "authority" / "permissions.toml"
MOST = 20_000
"""Callers remembered at a time; the one remembered first goes first."""
_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody signed in, acting under one appointment, for the length of one request."""

    person: rules.PersonFacts
    session: rules.SessionFacts
    post: rules.Post
    actor: Actor
    authenticated_at: datetime
    """When the password was last given, as the token says."""
    at: datetime
    """The moment at which all this was so."""
    acting: rules.Acting | None = None
    """For whom, and with what; `post` is then the delegator's."""

    @property
    def origin(self) -> Origin:
        return Origin(self.actor.source or "", self.actor.request_id)

    def refuse_without_step_up(self, now: datetime) -> None:
        """From the central branch upward: raises `StepUpRequired` unless the password was given within 5 minutes."""
        rules.refuse_without_step_up(self.post.level, self.authenticated_at, now)


class Callers:
    """Who callers are, remembered for `ttl` seconds."""

    def __init__(self, db: Database, keys: KeySet, matrix: Matrix, *, ttl: float, proxies: Sequence[str] = ()) -> None:
        self.db = db
        self.keys = keys
        self.matrix = matrix
        self.ttl = ttl
        self.proxies = [ipaddress.ip_network(one) for one in proxies]
        self.hearing = False
        self._tokens = VerifiedTokens(keys)
        self._asked: dict[tuple[UUID, int], asyncio.Task[Known]] = {}
        self._known: dict[UUID, tuple[float, Known]] = {}
        self._tables: tuple[float, list[AuthorityTable]] | None = None
        self._changes = 0

    def forget(self, person_id: UUID | None) -> None:
        """What was known of this person is asked again with the next request; None: of everybody, and the limits."""
        self._changes += 1
        if person_id is None:
            self._known.clear()
            self._tables = None
            return
        for session_id in [one for one, (_, known) in self._known.items() if known.concerns(person_id)]:
            del self._known[session_id]

    async def caller_of(self, request: Request) -> Caller:
        """Who sends this request. Raises `TokenInvalid`."""
        scheme, _, token = _single(request, b"authorization").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenInvalid()
        now = process_now()
        claims = self._tokens.read(token, now)
        told = (claims.person_id, claims.generation, claims.epoch, claims.delegation_id)
        known, origin = self._fresh(claims.session_id), self.origin_of(request)
        if known is None:
            known, now = await self._facts(claims.session_id), process_now()
        return await self._standing(known, told, claims.appointment_id, claims.authenticated_at, origin, now)

    async def again(self, caller: Caller) -> Caller:
        """The same caller as things are now, without the token, which does not live as long as a stream may.

        Raises `TokenInvalid` once the sign-in has ended or the caller acts under another appointment.
        """
        session = caller.session
        told = (caller.person.id, session.generation, caller.person.epoch, session.delegation_id)
        known = await self._facts(session.id)
        return await self._standing(
            known, told, caller.actor.appointment_id, caller.authenticated_at, caller.origin, process_now()
        )

    async def _standing(
        self, known: Known, told: tuple[Any, ...], appointment_id: UUID, authenticated_at: datetime, origin: Origin,
        now: datetime,
    ) -> Caller:  # fmt: skip
        """The caller, if what he was told still holds. Raises `TokenInvalid`."""
        session, person = known.session, known.person
        void = session.ended or session.expires_at <= now or not person.active
        if void or told != (person.id, session.generation, person.epoch, session.delegation_id):
            raise TokenInvalid()
        day, tables = legal_day(now), await self.tables()
        seat = known.seats.get(appointment_id)
        # a delegation ends at a moment, and with more than the delegator's appointment: it is judged each time
        if seat is None or session.delegation_id is not None or not seat.holds(day, tables):
            seat = self._seat_at(known, appointment_id, tables, origin, now)
        return Caller(person, session, seat.post, seat.actor(origin), authenticated_at, now, known.acting)

    def _seat_at(
        self, known: Known, appointment_id: UUID, tables: list[AuthorityTable], origin: Origin, now: datetime
    ) -> Seat:
        post, day = known.post(appointment_id, self.matrix, now), legal_day(now)
        if post is None:
            raise TokenInvalid()
        table, seat = in_force(tables, day), known.seats.get(appointment_id)
        if seat is None or seat.post is not post or seat.table is not table or not seat.holds(day, tables):
            seat = Seat.of(post, table, self._acting_at(known, post, table, origin), day, tables)
            known.seats[appointment_id] = seat
        return seat

    def _acting_at(self, known: Known, post: rules.Post, table: AuthorityTable | None, origin: Origin) -> Actor:
        actor = rules.actor_of(
            known.person, post, self.matrix, table, origin.request_id, restricted=known.session.must_set_password,
            source=origin.source,
        )  # fmt: skip
        return actor if known.acting is None else rules.acting_for(actor, known.acting, self.matrix, post, table)

    def origin_of(self, request: Request) -> Origin:
        """The peer; where that is a trusted proxy, the caller it names last. Any other header names nobody."""
        client = request.scope.get("client")
        peer = client[0] if client else ""
        forwarded = _single(request, b"x-forwarded-for").rpartition(",")[2].strip() if self.proxies else ""
        with suppress(ValueError):
            if forwarded and any(ipaddress.ip_address(peer) in one for one in self.proxies):
                peer = str(ipaddress.ip_address(forwarded))
        return Origin(peer, request.scope["state"]["request_uuid"])

    def _fresh(self, session_id: UUID) -> Known | None:
        """What is remembered of a session, where it still counts."""
        held = self._known.get(session_id)
        return held[1] if held is not None and self.hearing and time.monotonic() - held[0] < self.ttl else None

    async def _facts(self, session_id: UUID) -> Known:
        held = self._fresh(session_id)
        if held is not None:
            return held
        # requests of one moment share one look-up, and none joins a look-up that began before a change
        if not self.hearing:
            return await self._look_up(session_id)
        key = (session_id, self._changes)
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.create_task(self._look_up(session_id))
            asked.add_done_callback(lambda done: (self._asked.pop(key, None), done.cancelled() or done.exception()))
        return await asyncio.shield(asked)

    async def _look_up(self, session_id: UUID) -> Known:
        """Raises `TokenInvalid` where nobody has this session."""
        began, changes = time.monotonic(), self._changes
        async with self.db.transaction(machine("gateway")) as tx:
            session = await queries.session_facts(tx, session_id)
            person = None if session is None else await queries.person_facts(tx, session.person_id)
            acting = None if session is None else await queries.acting_facts(tx, session.delegation_id)
        if session is None or person is None:
            raise TokenInvalid()
        known = Known(session, person, acting)
        # what was read before a change must not be remembered after it
        if changes == self._changes:
            while len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            self._known[session_id] = (began, known)
        return known

    async def tables(self) -> list[AuthorityTable]:
        """Every published table of limits; which counts depends on the day."""
        if self._tables is not None and self.hearing and time.monotonic() - self._tables[0] < self.ttl:
            return self._tables[1]
        began, changes = time.monotonic(), self._changes
        async with self.db.transaction(machine("gateway")) as tx:
            found = [row.table() for row in await published_tables(tx)]
        if changes == self._changes:
            self._tables = (began, found)
        return found

    async def follow(self) -> None:
        """Hear of changes in other processes until cancelled."""
        while True:
            try:
                async with self.db.connect() as connection:
                    await self._listen((await connection.get_raw_connection()).driver_connection)
            except Exception as fault:
                log.warning("callers_unheard", fault=type(fault).__name__)
            await asyncio.sleep(_PAUSE_S)

    async def _listen(self, driver: Any) -> None:
        lost = asyncio.Event()
        driver.add_termination_listener(lambda _: lost.set())
        await driver.add_listener(CHANNEL, self._heard)
        try:
            self.forget(None)
            self.hearing = True
            await lost.wait()
        finally:
            self.hearing = False
            if not driver.is_closed():
                await driver.remove_listener(CHANNEL, self._heard)

    def _heard(self, _driver: Any, _pid: int, _channel: str, payload: Any) -> None:
        self.forget(None if payload == "*" else UUID(payload))


def _single(request: Request, name: bytes) -> str:
    """The first value of a field, empty where there is none."""
    for known, value in request.scope["headers"]:
        if known == name:
            return value.decode("latin-1")
    return ""


async def authenticate(request: Request) -> Actor:
    """For `build_app`: the caller of one of the gateway's own routes, the password given lately where the route wants
    it. `request.state.caller` holds the `Caller` afterwards."""
    caller = await request.app.state.callers.caller_of(request)
    request.state.caller, request.state.actor = caller, caller.actor
    declared = getattr(request.scope.get("route"), "openapi_extra", None) or {}
    if declared.get("x-step-up") and caller.actor.may(declared.get("x-permission", "")):
        caller.refuse_without_step_up(process_now())
    return caller.actor


def install(app: FastAPI, settings: GatewaySettings) -> None:
    """Put on `app.state` what the gateway's rooms work with, and follow changes for as long as the application lives.

    `matrix`, `callers`, `people`, `deputies`, `door`, `signing_key`, `digest_key`. Called once, after `build_app`.
    """
    state, db = app.state, app.state.db
    state.matrix = Matrix.load(PERMISSIONS.read_text(encoding="utf-8"))
    state.signing_key = tokens.read_signing_key(settings.signing_key_file)
    state.digest_key = settings.digest_key()
    state.people, state.deputies = queries.person_facts, queries.deputies
    terms = terms_of(settings)
    state.callers = Callers(
        db, settings.keys(), state.matrix, ttl=settings.caller_cache_s, proxies=settings.trusted_proxies
    )
    state.door = Door(
        db=db, key=state.signing_key, matrix=state.matrix, policy=settings.password_policy(),
        failures=settings.lock_out_failures, window=settings.lock_out(),
        token_address=f"{settings.public_url}/v1/token", forget=state.callers.forget,
        issuer=None if terms is None else Issuer(terms), emergency=frozenset(settings.emergency_logins),
    )  # fmt: skip
    begin = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(within: FastAPI) -> AsyncIterator[Any]:
        async with begin(within) as given:
            following = asyncio.create_task(state.callers.follow(), name="callers")
            try:
                yield given
            finally:
                following.cancel()
                with suppress(asyncio.CancelledError):
                    await following

    app.router.lifespan_context = lifespan
