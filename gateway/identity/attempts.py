"""An attempt to prove who one is: counted before the password is looked at, and locked after too many failures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update

from gateway.authority.rules import Matrix
from gateway.identity import passwords, queries, rules, tokens
from gateway.identity.issuer import Issuer
from gateway.identity.tables import SignInAttempt
from shared.actor import Actor, machine
from shared.audit import Entry
from shared.database import Database
from shared.ids import uuid7


@dataclass(frozen=True, slots=True)
class Door:
    """What signing in works with."""

    db: Database
    key: tokens.SigningKey
    matrix: Matrix
    policy: rules.PasswordPolicy
    failures: int
    window: timedelta
    token_address: str
    """The audience of a machine's assertion."""
    forget: Callable[[UUID | None], None]
    """Called once a change of what somebody may do has committed: it holds for the next request."""
    issuer: Issuer | None = None
    """Who vouches for people in place of passwords."""
    emergency: frozenset[str] = frozenset()
    """The logins that keep their password beside an issuer."""

    def takes_password_of(self, login: str) -> bool:
        """Whether a password opens this account at all."""
        return self.issuer is None or login in self.emergency


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request without a caller comes from."""

    source: str
    request_id: UUID

    def actor(self) -> Actor:
        """The gateway's own identity, with the origin for the audit trail."""
        return replace(machine("gateway"), source=self.source, request_id=self.request_id)


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt under way: it counts until it has succeeded."""

    id: UUID
    login_key: bytes
    person_id: UUID | None
    password_hash: str | None
    password_set_at: datetime | None


async def begin(door: Door, login: str, origin: Origin) -> Begun:
    """Count the attempt before the password is looked at, so that asking at once gains no guesses."""
    login_key = tokens.digest(login)
    async with door.db.transaction(origin.actor()) as tx:
        await queries.lock_login(tx, login_key)
        of_login = await queries.attempts(tx, door.window, login_key=login_key)
        rules.refuse_locked(of_login, tx.now, door.failures, door.window)
        of_source = await queries.attempts(tx, door.window, source=origin.source)
        spare = door.failures * (rules.BURST - 1)
        rules.refuse_locked(of_source, tx.now, door.failures, door.window, spare)
        attempt = SignInAttempt(id=uuid7(), login_key=login_key, source=origin.source, at=tx.now, failed=False)
        tx.add(attempt)
        account = await queries.account_of_login(tx, login)
        if account is None or not door.takes_password_of(login):
            return Begun(attempt.id, login_key, None, None, None)
        return Begun(attempt.id, login_key, account.person_id, account.password_hash, account.password_set_at)


async def fail(door: Door, begun: Begun, origin: Origin, action: str, reason: str = "wrong_password") -> None:
    """The attempt is a failure: counted, and written to the audit trail without what was typed, at the person's unit
    where it is somebody's account."""
    async with door.db.transaction(origin.actor()) as tx:
        await tx.execute(update(SignInAttempt).where(SignInAttempt.id == begun.id).values(failed=True))
        home = await queries.home_of(tx, begun.person_id)
        tx.note_act(entry(action, begun.person_id, home, outcome="refused", reason=reason))


async def drop(door: Door, begun: Begun, origin: Origin, action: str, refused: str | None = None) -> None:
    """The attempt was no guess: it no longer counts. `refused`: why whoever proved himself is not let in."""
    async with door.db.transaction(origin.actor()) as tx:
        await tx.execute(delete(SignInAttempt).where(SignInAttempt.id == begun.id))
        if refused is not None:
            home = await queries.home_of(tx, begun.person_id)
            tx.note_act(entry(action, begun.person_id, home, outcome="refused", reason=refused))


def entry(action: str, about: UUID | None, org_path: str, **more: Any) -> Entry:
    return Entry(action=action, object_type="session", object_id=about, org_path=org_path, in_history=False, **more)


async def prove(door: Door, login: str, password: str, origin: Origin, action: str) -> None:
    """The account's own password, counted like a sign-in. Raises `SignInRefused`, `SignInLocked`."""
    begun = await begin(door, login, origin)
    if not await passwords.matches(begun.password_hash, password):
        await fail(door, begun, origin, action)
        raise rules.SignInRefused()
    async with door.db.transaction(origin.actor()) as tx:
        await queries.forget_attempts(tx, begun.login_key, begun.id)
