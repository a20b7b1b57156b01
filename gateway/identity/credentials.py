"""What people prove themselves with: the password again, a new password, and the way back in for who is locked out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from gateway.identity import passwords, queries, rules, tokens
from gateway.identity.attempts import Door, entry, prove
from gateway.identity.handlers import access_of, end_session, new_account, one_time_token, session_of
from gateway.identity.outside import proven_again
from gateway.identity.schemas import SetPassword, StepUp, TokenOut, Unlock, UnlockOut
from gateway.identity.tables import Account, FormerPassword
from gateway.organisation.handlers import announce
from gateway.organisation.rules import PersonInactive, may_appoint
from gateway.organisation.schemas import RecordVersion
from gateway.organisation.tables import Person
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.database_faults import ConcurrentChange
from shared.errors import Fault, Text, TokenInvalid, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7

if TYPE_CHECKING:
    from gateway.identity.callers import Caller


async def _account_of(door: Door, caller: Caller) -> Account:
    async with door.db.transaction(caller.actor) as tx:
        account = await queries.account_of(tx, caller.person.id)
    if account is None:
        raise TokenInvalid()
    return account


async def step_up(door: Door, caller: Caller, command: StepUp) -> TokenOut:
    """The password again, or the issuer's word that it was given again: a new access token that says so for 5 minutes.

    Raises `SignInRefused`, `SignInLocked`, `IdTokenInvalid`, `IssuerUnavailable`, `StepUpRequired`.
    """
    proven_at = None
    if command.id_token is not None:
        proven_at = await proven_again(door, caller, command.id_token, command.nonce)
    else:
        account = await _account_of(door, caller)
        await prove(door, account.login, str(command.password), caller.origin, "step_up")
    async with door.db.transaction(caller.actor) as tx:
        session = await session_of(tx, caller)
        session.authenticated_at = proven_at or tx.now
        tx.note_act(entry("step_up", session.id, caller.actor.scope))
        access = access_of(door, session, caller.person, tx.now)
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
    former = await _former(door, caller)
    rules.refuse_former_password(
        await passwords.matches(account.password_hash, command.new_password),
        await passwords.matches_any(former, command.new_password),
    )
    new_hash = await passwords.hashed(command.new_password)
    async with door.db.transaction(caller.actor) as tx:
        stored = await queries.account_of(tx, caller.person.id)
        if stored is None or stored.password_hash != account.password_hash:
            raise ConcurrentChange()
        _keep_former(tx, door, stored)
        stored.password_hash, stored.password_set_at = new_hash, tx.now
        access = await _alone(tx, door, caller)
    door.forget(caller.person.id)
    return TokenOut(access_token=access, expires_in=rules.ACCESS_S)


async def _former(door: Door, caller: Caller) -> list[str]:
    async with door.db.transaction(caller.actor) as tx:
        return await queries.former_passwords(tx, caller.person.id, door.policy.kept)


def _keep_former(tx: Transaction, door: Door, account: Account) -> None:
    """Remember the password that goes."""
    if account.password_hash is not None and door.policy.kept:
        set_at = account.password_set_at or account.created_at
        tx.add(FormerPassword(person_id=account.person_id, set_at=set_at, password_hash=account.password_hash))


async def _alone(tx: Transaction, door: Door, caller: Caller) -> str:
    """This sign-in goes on, with a new token; the person's others end."""
    mine = await session_of(tx, caller)
    for session in await queries.open_sessions(tx, caller.person.id):
        if session.id != mine.id:
            await end_session(tx, session, "password_changed")
    mine.must_set_password = False
    mine.authenticated_at = tx.now
    mine.generation += 1
    await announce(tx, caller.person.id)
    tx.note_act(entry("set_password", mine.id, caller.actor.scope))
    return access_of(door, mine, caller.person, tx.now)


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
            if account.password_hash is not None:
                set_at = account.password_set_at or account.created_at
                former = FormerPassword(person_id=person_id, set_at=set_at, password_hash=account.password_hash)
                tx.add(former)
            account.password_hash = None
            for session in await queries.open_sessions(tx, person_id):
                await end_session(tx, session, "password_reset")
            out.one_time_token, out.expires_at = await one_time_token(tx, person_id), tx.now + rules.ONE_TIME
        tx.note("unlock", person, after={"one_time_token": command.one_time_token}, reason=command.reason)
        return tx.answer_unstored(out)
