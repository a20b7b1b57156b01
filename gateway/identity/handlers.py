"""Signing in with a password, renewing, signing out, switching.

A refusal that has to leave something behind (a failure counted, a session revoked) is raised after its transaction has
committed. Passwords are compared outside of any transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete

from gateway.authority.queries import published_tables
from gateway.identity import passwords, queries, rules, shapes, tokens
from gateway.identity.attempts import Begun, Door, Origin, begin, drop, entry, fail
from gateway.identity.schemas import (
    AppointmentName,
    HeldAppointment,
    RenewedOut,
    SignedInOut,
    SignIn,
    SwitchAppointment,
    SwitchedOut,
)
from gateway.identity.tables import Account, OneTimeToken, RefreshToken, Session
from gateway.organisation.handlers import announce
from shared.actor import Actor
from shared.authority import in_force
from shared.clock import legal_day
from shared.database import Transaction
from shared.errors import ReferenceNotFound, TokenInvalid
from shared.ids import uuid7

if TYPE_CHECKING:
    from gateway.identity.callers import Caller


async def sign_in(door: Door, command: SignIn, origin: Origin) -> SignedInOut:
    """Raises `SignInRefused`, `SignInLocked`, `NoAppointment`."""
    login, password = str(command.login), str(command.password)
    begun = await begin(door, login, origin)
    proven = await passwords.matches(begun.password_hash, password)
    try:
        signed_in = await _admit(door, begun, origin, None if proven else tokens.digest(password))
    except rules.NoAppointment:
        await drop(door, begun, origin, "sign_in", rules.NoAppointment.code)
        raise
    if signed_in is None:
        await fail(door, begun, origin, "sign_in")
        raise rules.SignInRefused()
    return signed_in


async def _admit(door: Door, begun: Begun, origin: Origin, one_time: bytes | None) -> SignedInOut | None:
    """Open the session; None where neither the password nor a one-time token proved who it is."""
    async with door.db.transaction(origin.actor()) as tx:
        person = None if begun.person_id is None else await queries.person_facts(tx, begun.person_id)
        if person is None or not person.active:
            return None
        if one_time is not None:
            token = await queries.one_time_token(tx, one_time, person.id)
            if token is None:
                return None
            token.used_at = tx.now
        must_set = one_time is not None or door.policy.expired(begun.password_set_at, tx.now)
        await queries.forget_attempts(tx, begun.login_key, begun.id)
        return await open_session(tx, door, person, origin, tx.now, must_set=must_set)


async def open_session(
    tx: Transaction, door: Door, person: rules.PersonFacts, origin: Origin, proven_at: datetime, *,
    must_set: bool = False,
) -> SignedInOut:  # fmt: skip
    """Let somebody in who has proven at `proven_at` who he is. Raises `NoAppointment`."""
    post = person.first_post(tx.now)
    session = _session(tx, person, post, tx.now + rules.SESSION, must_set)
    session.authenticated_at = proven_at
    await tx.flush()
    refresh = _refresh_token(tx, session)
    tx.actor = await _actor(tx, door, person, post, origin)
    tx.note_act(entry("sign_in", session.id, post.path))
    return SignedInOut(
        access_token=access_of(door, session, person, tx.now), refresh_token=refresh, expires_in=rules.ACCESS_S,
        person=shapes.person_name(person), appointment=shapes.appointment_name(post),
        appointments=[shapes.held_appointment(one) for one in person.posts_on(tx.now)]
        + await _acting_of(tx, door, person),
        must_set_password=must_set or None,
    )  # fmt: skip


async def _acting_of(tx: Transaction, door: Door, person: rules.PersonFacts) -> list[HeldAppointment]:
    """The delegations that the person may act under now."""
    found = [(one, one.post(person, door.matrix, tx.now)) for one in await queries.acting_of(tx, person.id)]
    return [shapes.held_acting(one, post) for one, post in found if post is not None]


async def _actor(tx: Transaction, door: Door, person: rules.PersonFacts, post: rules.Post, origin: Origin) -> Actor:
    """Who has proven to be somebody acts from here on, also in the audit trail."""
    tables = [row.table() for row in await published_tables(tx)]
    table = in_force(tables, legal_day(tx.now))
    return rules.actor_of(person, post, door.matrix, table, origin.request_id, source=origin.source)


def _session(
    tx: Transaction, person: rules.PersonFacts, post: rules.Post, expires_at: datetime, must_set: bool
) -> Session:
    session = Session(
        id=uuid7(), person_id=person.id, appointment_id=post.id, generation=1, authenticated_at=tx.now,
        must_set_password=must_set, started_at=tx.now, expires_at=expires_at, ended_at=None, end_reason=None,
    )  # fmt: skip
    tx.add(session)
    return session


def _refresh_token(tx: Transaction, session: Session) -> str:
    token = tokens.opaque()
    tx.add(RefreshToken(token_hash=tokens.digest(token), session_id=session.id, issued_at=tx.now, used_at=None))
    return token


def access_of(door: Door, session: Session, person: rules.PersonFacts, now: datetime) -> str:
    claims = tokens.AccessClaims(
        person.id, session.id, session.appointment_id, session.generation, person.epoch, session.authenticated_at,
        session.delegation_id,
    )  # fmt: skip
    return tokens.access_token(door.key, claims, now)


async def refresh(door: Door, token: str, origin: Origin) -> RenewedOut:
    """A new pair for the old one; using one twice ends every token of that sign-in. Raises `TokenInvalid`."""
    async with door.db.transaction(origin.actor()) as tx:
        row = await queries.refresh_token(tx, tokens.digest(token))
        session = None if row is None else await queries.session_for_change(tx, row.session_id)
        renewed = None if row is None or session is None else await _renew(tx, door, row, session)
    if session is not None:
        door.forget(session.person_id)
    if renewed is None:
        raise TokenInvalid()
    return renewed


async def _renew(tx: Transaction, door: Door, row: RefreshToken, session: Session) -> RenewedOut | None:
    if session.ended_at is not None or session.expires_at <= tx.now:
        return None
    if row.used_at is not None:
        await end_session(tx, session, "refresh_reused")
        tx.note_act(entry("refresh", session.id, "00", outcome="refused", reason="refresh_reused"))
        return None
    person = await queries.person_facts(tx, session.person_id)
    posts = () if person is None or not person.active else person.posts_on(tx.now)
    if person is None or not posts:
        return None
    row.used_at = tx.now
    acting = await queries.acting_facts(tx, session.delegation_id)
    ended = session.delegation_id is not None and (acting is None or acting.post(person, door.matrix, tx.now) is None)
    if ended or session.appointment_id not in {one.id for one in posts}:
        await _move(tx, session, next((one for one in posts if one.id == session.appointment_id), posts[0]))
    refreshed = _refresh_token(tx, session)
    access = access_of(door, session, person, tx.now)
    return RenewedOut(access_token=access, refresh_token=refreshed, expires_in=rules.ACCESS_S)


async def end_session(tx: Transaction, session: Session, reason: str) -> None:
    session.ended_at, session.end_reason = tx.now, reason
    await announce(tx, session.person_id)


async def _move(tx: Transaction, session: Session, own: rules.Post | None, delegation_id: UUID | None = None) -> None:
    """Under another appointment, or under a delegation; access tokens made before no longer work."""
    session.appointment_id = session.appointment_id if own is None else own.id
    session.delegation_id = delegation_id
    session.generation += 1
    await announce(tx, session.person_id)


async def session_of(tx: Transaction, caller: Caller) -> Session:
    session = await queries.session_for_change(tx, caller.session.id)
    if session is None or session.ended_at is not None:
        raise TokenInvalid()
    return session


async def sign_out(door: Door, caller: Caller) -> None:
    """End this sign-in with all its tokens."""
    async with door.db.transaction(caller.actor) as tx:
        await end_session(tx, await session_of(tx, caller), "signed_out")
        tx.note_act(entry("sign_out", caller.session.id, caller.actor.scope))
    door.forget(caller.person.id)


async def switch_appointment(door: Door, caller: Caller, command: SwitchAppointment) -> SwitchedOut:
    """Act under another appointment of the same person, or for somebody else. Raises `ReferenceNotFound`."""
    async with door.db.transaction(caller.actor) as tx:
        await tx.use_scope("00")  # the other appointment may lie anywhere in the tree
        session = await session_of(tx, caller)
        person = await queries.person_facts(tx, caller.person.id)
        if person is None:
            raise TokenInvalid()
        shown = await _switch(tx, door, session, person, command)
        access = access_of(door, session, person, tx.now)
    door.forget(caller.person.id)
    return SwitchedOut(access_token=access, expires_in=rules.ACCESS_S, appointment=shown)


async def _switch(
    tx: Transaction, door: Door, session: Session, person: rules.PersonFacts, command: SwitchAppointment
) -> AppointmentName:
    if command.appointment_id is not None:
        post = person.post(command.appointment_id, tx.now)
        if post is None:
            raise ReferenceNotFound.at("#/appointment_id")
        await _move(tx, session, post)
        tx.note_act(entry("switch_appointment", session.id, post.path, after={"appointment_id": str(post.id)}))
        return shapes.appointment_name(post)
    acting = await queries.acting_facts(tx, command.delegation_id)
    post = None if acting is None else acting.post(person, door.matrix, tx.now)
    if acting is None or post is None:
        raise ReferenceNotFound.at("#/delegation_id")
    await _move(tx, session, None, command.delegation_id)
    told = {"appointment_id": str(post.id), "delegation_id": str(command.delegation_id)}
    tx.note_act(entry("switch_appointment", session.id, post.path, after=told))
    return shapes.acting_name(acting, post)


def new_account(tx: Transaction, person_id: UUID, login: str) -> Account:
    """An account without a password; the login is the staff number in lower case unless another is given."""
    account = Account(
        person_id=person_id, login=login.lower(), password_hash=None, password_set_at=None, created_at=tx.now
    )
    tx.add(account)
    return account


async def one_time_token(tx: Transaction, person_id: UUID) -> str:
    """A token that serves once as password within 15 minutes; those given before are void."""
    await tx.execute(delete(OneTimeToken).where(OneTimeToken.person_id == person_id, OneTimeToken.used_at.is_(None)))
    token = tokens.opaque()
    tx.add(
        OneTimeToken(
            token_hash=tokens.digest(token),
            person_id=person_id,
            created_at=tx.now,
            expires_at=tx.now + rules.ONE_TIME,
            used_at=None,
        )
    )
    return token
