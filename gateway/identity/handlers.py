"""Signing in, renewing, signing out, switching; passwords, and machines.

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
from gateway.identity.attempts import Begun, Door, Origin, begin, entry, fail, prove
from gateway.identity.schemas import (
    RenewedOut,
    SetPassword,
    SignedInOut,
    SignIn,
    SwitchAppointment,
    SwitchedOut,
    TokenOut,
    Unlock,
    UnlockOut,
)
from gateway.identity.tables import Account, OneTimeToken, RefreshToken, Session
from gateway.organisation.handlers import announce
from gateway.organisation.rules import PersonInactive, may_appoint
from gateway.organisation.schemas import RecordVersion
from gateway.organisation.tables import Person
from shared.actor import Actor
from shared.authority import in_force
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.database_faults import ConcurrentChange
from shared.errors import Fault, ReferenceNotFound, Text, TokenInvalid, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7

if TYPE_CHECKING:
    from gateway.identity.callers import Caller


async def sign_in(door: Door, command: SignIn, origin: Origin) -> SignedInOut:
    """Raises `SignInRefused`, `SignInLocked`, `NoAppointment`."""
    begun = await begin(door, command.login, origin)
    proven = await passwords.matches(begun.password_hash, command.password)
    signed_in = await _admit(door, begun, origin, None if proven else tokens.digest(command.password))
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
        post = person.first_post(tx.now)
        await queries.forget_attempts(tx, begun.login_key, begun.id)
        session = _session(tx, person, post, tx.now + rules.SESSION, must_set)
        await tx.flush()
        refresh = _refresh_token(tx, session)
        tx.actor = await _actor(tx, door, person, post, origin)
        tx.note_act(entry("sign_in", session.id, post.path))
        return SignedInOut(
            access_token=_access(door, session, person, tx.now), refresh_token=refresh, expires_in=rules.ACCESS_S,
            person=shapes.person_name(person), appointment=shapes.appointment_name(post),
            appointments=[shapes.held_appointment(one) for one in person.posts_on(tx.now)],
            must_set_password=must_set or None,
        )  # fmt: skip


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


def _access(door: Door, session: Session, person: rules.PersonFacts, now: datetime) -> str:
    claims = tokens.AccessClaims(
        person.id, session.id, session.appointment_id, session.generation, person.epoch, session.authenticated_at
    )
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
        await _end(tx, session, "refresh_reused")
        tx.note_act(entry("refresh", session.id, "00", outcome="refused", reason="refresh_reused"))
        return None
    person = await queries.person_facts(tx, session.person_id)
    posts = () if person is None or not person.active else person.posts_on(tx.now)
    if person is None or not posts:
        return None
    row.used_at = tx.now
    if session.appointment_id not in {one.id for one in posts}:
        await _move(tx, session, posts[0])
    refreshed = _refresh_token(tx, session)
    access = _access(door, session, person, tx.now)
    return RenewedOut(access_token=access, refresh_token=refreshed, expires_in=rules.ACCESS_S)


async def _end(tx: Transaction, session: Session, reason: str) -> None:
    session.ended_at, session.end_reason = tx.now, reason
    await announce(tx, session.person_id)


async def _move(tx: Transaction, session: Session, post: rules.Post) -> None:
    """Under another appointment; access tokens made before no longer work."""
    session.appointment_id = post.id
    session.generation += 1
    await announce(tx, session.person_id)


async def _session_of(tx: Transaction, caller: Caller) -> Session:
    session = await queries.session_for_change(tx, caller.session.id)
    if session is None or session.ended_at is not None:
        raise TokenInvalid()
    return session


async def sign_out(door: Door, caller: Caller) -> None:
    """End this sign-in with all its tokens."""
    async with door.db.transaction(caller.actor) as tx:
        await _end(tx, await _session_of(tx, caller), "signed_out")
        tx.note_act(entry("sign_out", caller.session.id, caller.actor.scope))
    door.forget(caller.person.id)


async def switch_appointment(door: Door, caller: Caller, command: SwitchAppointment) -> SwitchedOut:
    """Act under another appointment of the same person. Raises `ReferenceNotFound`; so does every delegation, since
    nobody has one yet."""
    if command.appointment_id is None:
        raise ReferenceNotFound.at("#/delegation_id")
    async with door.db.transaction(caller.actor) as tx:
        await tx.use_scope("00")  # the other appointment may lie anywhere in the tree
        session = await _session_of(tx, caller)
        person = await queries.person_facts(tx, caller.person.id)
        post = None if person is None else person.post(command.appointment_id, tx.now)
        if person is None or post is None:
            raise ReferenceNotFound.at("#/appointment_id")
        await _move(tx, session, post)
        tx.note_act(entry("switch_appointment", session.id, post.path, after={"appointment_id": str(post.id)}))
        access = _access(door, session, person, tx.now)
    door.forget(caller.person.id)
    return SwitchedOut(access_token=access, expires_in=rules.ACCESS_S, appointment=shapes.appointment_name(post))


async def _account_of(door: Door, caller: Caller) -> Account:
    async with door.db.transaction(caller.actor) as tx:
        account = await queries.account_of(tx, caller.person.id)
    if account is None:
        raise TokenInvalid()
    return account


async def step_up(door: Door, caller: Caller, password: str) -> TokenOut:
    """The password again: a new access token that says so for 5 minutes."""
    account = await _account_of(door, caller)
    await prove(door, account.login, password, caller.origin, "step_up")
    async with door.db.transaction(caller.actor) as tx:
        session = await _session_of(tx, caller)
        session.authenticated_at = tx.now
        tx.note_act(entry("step_up", session.id, caller.actor.scope))
        access = _access(door, session, caller.person, tx.now)
        return TokenOut(access_token=access, expires_in=rules.ACCESS_S)


async def set_password(door: Door, caller: Caller, command: SetPassword) -> TokenOut:
    """Replace the password; every other sign-in of the person ends. Raises `PasswordUnsuitable`, `SignInRefused`."""
    account = await _account_of(door, caller)
    rules.check_password(door.policy, command.new_password, account.login)
    if not caller.session.must_set_password:
        if command.current_password is None:
            words = Text("缺少当前密码。", "The present password is missing.")
            raise ValidationFailed(Fault("missing", words, pointer="#/current_password"))
        await prove(door, account.login, command.current_password, caller.origin, "set_password")
    rules.refuse_same_password(await passwords.matches(account.password_hash, command.new_password))
    new_hash = await passwords.hashed(command.new_password)
    async with door.db.transaction(caller.actor) as tx:
        stored = await queries.account_of(tx, caller.person.id)
        if stored is None or stored.password_hash != account.password_hash:
            raise ConcurrentChange()
        stored.password_hash, stored.password_set_at = new_hash, tx.now
        access = await _alone(tx, door, caller)
    door.forget(caller.person.id)
    return TokenOut(access_token=access, expires_in=rules.ACCESS_S)


async def _alone(tx: Transaction, door: Door, caller: Caller) -> str:
    """This sign-in goes on, with a new token; the person's others end."""
    mine = await _session_of(tx, caller)
    for session in await queries.open_sessions(tx, caller.person.id):
        if session.id != mine.id:
            await _end(tx, session, "password_changed")
    mine.must_set_password = False
    mine.authenticated_at = tx.now
    mine.generation += 1
    await announce(tx, caller.person.id)
    tx.note_act(entry("set_password", mine.id, caller.actor.scope))
    return _access(door, mine, caller.person, tx.now)


async def unlock(db: Database, actor: Actor, key: RequestKey, person_id: UUID, command: Unlock) -> Answer:
    """Forget the failures of the person's login; where asked, replace the password by a token that serves once.

    The token is shown once and never stored; a repeated request is carried out anew.
    """
    async with db.transaction(actor, key) as tx:
        person = await tx.find(Person, person_id)
        may_appoint(actor, person_id)
        if not person.active:
            raise PersonInactive()
        if person.kind == "machine":
            raise rules.MachineHasNoPassword()
        account = await queries.account_of(tx, person_id) or new_account(tx, person.id, person.staff_no)
        await queries.forget_attempts(tx, tokens.digest(account.login))
        out = UnlockOut(id=uuid7(), created_at=tx.now, person=RecordVersion(id=person.id, version=person.version))
        if command.one_time_token:
            account.password_hash = None
            for session in await queries.open_sessions(tx, person_id):
                await _end(tx, session, "password_reset")
            out.one_time_token, out.expires_at = await one_time_token(tx, person_id), tx.now + rules.ONE_TIME
        tx.note("unlock", person, after={"one_time_token": command.one_time_token}, reason=command.reason)
        return tx.answer_unstored(out)


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
