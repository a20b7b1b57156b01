"""Machines (the core system) sign in with a key of their own; and what has expired is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from joserfc.errors import JoseError
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from gateway.authority.queries import published_tables
from gateway.identity import queries, rules, shapes, tokens
from gateway.identity.attempts import Door, Origin, entry
from gateway.identity.schemas import MachineKeyOut, MachineTokenOut, RegisterKey
from gateway.identity.tables import MachineKey, OneTimeToken, Session, SignInAttempt, UsedAssertion, UsedIdToken
from gateway.organisation.handlers import announce
from gateway.organisation.schemas import RecordVersion
from gateway.organisation.tables import Person
from shared.actor import Actor, machine
from shared.authority import in_force
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, Problem
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7

KEEP_SESSIONS = timedelta(days=30)
KEEP_ATTEMPTS = timedelta(days=1)


async def client_token(door: Door, assertion: str, origin: Origin) -> MachineTokenOut:
    """An access token for a machine that proved with one of its keys who it is. Failures lock nothing.

    Raises `ClientAssertionInvalid`, `NoAppointment`.
    """
    name = tokens.named_in(assertion)
    async with door.db.transaction(origin.actor()) as tx:
        person_id = await queries.machine(tx, name)
        try:
            return await _admit(tx, door, person_id, name, assertion, origin)
        except Problem as refusal:
            refused, home = refusal, await queries.home_of(tx, person_id)
            tx.note_act(entry("client_sign_in", person_id, home, outcome="refused", reason=refusal.code))
    raise refused


async def _admit(
    tx: Transaction, door: Door, person_id: UUID | None, name: str, assertion: str, origin: Origin
) -> MachineTokenOut:
    person = None if person_id is None else await queries.person_facts(tx, person_id)
    if person is None or not person.active:
        raise rules.ClientAssertionInvalid()
    keys = [row.public_key for row in await queries.keys_of(tx, person.id)]
    proven = tokens.read_assertion(assertion, keys, name, door.token_address, tx.now)
    used = {"person_id": person.id, "jti": proven.jti, "expires_at": proven.expires_at}
    fresh = await tx.execute(insert(UsedAssertion).values(**used).on_conflict_do_nothing().returning(UsedAssertion.jti))
    if fresh.one_or_none() is None:
        raise rules.ClientAssertionInvalid()
    post = person.first_post(tx.now)
    expires_at = tx.now + timedelta(seconds=rules.ACCESS_S)
    session = Session(
        id=uuid7(), person_id=person.id, appointment_id=post.id, generation=1, authenticated_at=tx.now,
        must_set_password=False, started_at=tx.now, expires_at=expires_at, ended_at=None, end_reason=None,
    )  # fmt: skip
    tx.add(session)
    table = in_force([row.table() for row in await published_tables(tx)], legal_day(tx.now))
    tx.actor = rules.actor_of(person, post, door.matrix, table, origin.request_id, source=origin.source)
    tx.note_act(entry("client_sign_in", session.id, post.path))
    claims = tokens.AccessClaims(person.id, session.id, post.id, session.generation, person.epoch, tx.now)
    return MachineTokenOut(access_token=tokens.access_token(door.key, claims, tx.now), expires_in=rules.ACCESS_S)


async def register_machine_key(db: Database, staff_no: str, public_key: Mapping[str, Any]) -> str:
    """Register a public key (JWK) of a machine, for a command; its thumbprint. The same key again changes nothing.

    Raises `LookupError` for an unknown machine, `TooManyKeys` where two are in use, `KeyTaken` for one that was
    withdrawn or is another machine's, `ValueError` for a private key or one that is neither Ed25519 nor P-256.
    """
    name = tokens.thumbprint_of(public_key)
    async with db.transaction(replace(machine("gateway"), source="command")) as tx:
        person_id = await queries.machine(tx, staff_no)
        if person_id is None:
            raise LookupError(staff_no)
        if name not in {row.thumbprint for row in await queries.keys_of(tx, person_id)}:
            await _add_key(tx, person_id, name, public_key)
            tx.note_act(entry("register_key", person_id, "00", after={"thumbprint": name}))
    return name


async def _add_key(tx: Transaction, person_id: UUID, name: str, public_key: Mapping[str, Any]) -> MachineKey:
    """Raises `TooManyKeys`, `KeyTaken`."""
    if len(await queries.keys_of(tx, person_id)) >= rules.MAX_KEYS:
        raise rules.TooManyKeys()
    if await tx.scalar(select(MachineKey.id).where(MachineKey.thumbprint == name)) is not None:
        raise rules.KeyTaken()
    row = MachineKey(
        id=uuid7(), person_id=person_id, thumbprint=name, public_key=dict(public_key), created_at=tx.now,
        revoked_at=None,
    )  # fmt: skip
    tx.add(row)
    return row


async def register_key(
    db: Database, actor: Actor, key: RequestKey, person_id: UUID, version: int | None, command: RegisterKey
) -> Answer:
    """Give a machine one more key, two at most; the older one goes on until it is retired."""
    async with db.transaction(actor, key) as tx:
        person = await _machine(tx, person_id, version)
        try:
            name = tokens.thumbprint_of(command.public_key)
        except (ValueError, JoseError, TypeError, KeyError) as fault:
            detail = rules.KeyUnsuitable.detail
            raise rules.KeyUnsuitable(Fault(rules.KeyUnsuitable.code, detail, pointer="#/public_key")) from fault
        row = await _add_key(tx, person_id, name, command.public_key)
        tx.note("register_key", person, after={"thumbprint": name})
        return tx.answer(_shown(row, person), location=f"/v1/people/{person_id}/machine-keys", version=person.version)


async def retire_key(
    db: Database, actor: Actor, key: RequestKey, person_id: UUID, version: int | None, thumbprint: str
) -> Answer:
    """Withdraw a key: it proves nothing any more, and what was signed in with the machine's keys ends with it."""
    async with db.transaction(actor, key) as tx:
        person = await _machine(tx, person_id, version)
        row = next((one for one in await queries.keys_of(tx, person_id) if one.thumbprint == thumbprint), None)
        if row is None:
            raise rules.KeyNotFound()
        row.revoked_at = tx.now
        for session in await queries.open_sessions(tx, person_id):
            session.ended_at, session.end_reason = tx.now, "key_retired"
        await announce(tx, person_id)
        tx.note("retire_key", person, after={"thumbprint": thumbprint})
        return tx.answer(_shown(row, person), status=200, version=person.version)


async def _machine(tx: Transaction, person_id: UUID, version: int | None) -> Person:
    """The machine in the caller's scope, locked. Raises `NotFound`, `NotAMachine`."""
    person = await tx.find_for_change(Person, person_id, version)
    if person.kind != "machine":
        raise rules.NotAMachine()
    return person


def _shown(row: MachineKey, person: Person) -> MachineKeyOut:
    about = RecordVersion(id=person.id, version=person.version)
    return MachineKeyOut(**shapes.machine_key(row).model_dump(), person=about, retired_at=row.revoked_at)


async def revoke_machine_key(db: Database, staff_no: str, thumbprint: str) -> None:
    """Withdraw a key at once. Raises `LookupError` where the machine has no such key in use."""
    async with db.transaction(replace(machine("gateway"), source="command")) as tx:
        person_id = await queries.machine(tx, staff_no)
        held = () if person_id is None else await queries.keys_of(tx, person_id)
        row = next((one for one in held if one.thumbprint == thumbprint), None)
        if row is None:
            raise LookupError(thumbprint)
        row.revoked_at = tx.now
        tx.note_act(entry("revoke_key", person_id, "00", after={"thumbprint": thumbprint}))


async def forget_expired(db: Database, limit: int) -> int:
    """Remove attempts, sessions, used assertions and id tokens, and one-time tokens that no longer mean anything.

    Returns how many went. Fits a `Tick`. The audit trail keeps who signed in.
    """
    async with db.transaction(machine("gateway")) as tx:
        past = (
            (SignInAttempt, SignInAttempt.id, SignInAttempt.at < tx.now - KEEP_ATTEMPTS),
            (Session, Session.id, Session.expires_at < tx.now - KEEP_SESSIONS),
            (UsedAssertion, UsedAssertion.jti, UsedAssertion.expires_at < tx.now - KEEP_ATTEMPTS),
            (OneTimeToken, OneTimeToken.token_hash, OneTimeToken.expires_at < tx.now - KEEP_ATTEMPTS),
            (UsedIdToken, UsedIdToken.token_hash, UsedIdToken.expires_at < tx.now - KEEP_ATTEMPTS),
        )
        gone = 0
        for table, key, is_past in past:
            chosen = select(key).where(is_past).limit(limit).scalar_subquery()
            gone += (await tx.execute(delete(table).where(key.in_(chosen), is_past))).rowcount
    return gone
