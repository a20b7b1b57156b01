"""Named reads behind a caller: person, appointments, session, account. They want scope `00`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, text

from gateway.authority.rules import ActingHolder, Matrix
from gateway.delegation import queries as delegations
from gateway.delegation.tables import DelegationRow
from gateway.identity import rules
from gateway.identity.tables import (
    Account,
    FormerPassword,
    MachineKey,
    OneTimeToken,
    RefreshToken,
    Session,
    SignInAttempt,
)
from gateway.organisation.tables import Appointment, Person, UnitRow
from shared.database import Transaction

_LOCK = text("select pg_advisory_xact_lock(:key)")


async def person_facts(tx: Transaction, person_id: UUID) -> rules.PersonFacts | None:
    """Who somebody is and everything he holds, now and later."""
    person = await tx.scalar(select(Person).where(Person.id == person_id))
    if person is None:
        return None
    statement = (
        select(Appointment, UnitRow)
        .join(UnitRow, UnitRow.id == Appointment.unit_id)
        .where(Appointment.person_id == person_id)
        .order_by(Appointment.from_on, Appointment.id)
    )
    posts = tuple(_post(held, unit) for held, unit in await tx.execute(statement))
    return rules.PersonFacts(
        person.id, person.staff_no, person.name, person.kind, person.active, person.auth_epoch, posts
    )


def _post(held: Appointment, unit: UnitRow) -> rules.Post:
    return rules.Post(
        id=held.id, position=held.position, unit_code=unit.code, unit_name=unit.name, level=unit.level, kind=unit.kind,
        path=unit.org_path, from_on=held.from_on, to_on=held.to_on,
    )  # fmt: skip


async def session_facts(tx: Transaction, session_id: UUID) -> rules.SessionFacts | None:
    row = await tx.scalar(select(Session).where(Session.id == session_id))
    return None if row is None else as_facts(row)


def as_facts(row: Session) -> rules.SessionFacts:
    return rules.SessionFacts(
        id=row.id, person_id=row.person_id, appointment_id=row.appointment_id, generation=row.generation,
        authenticated_at=row.authenticated_at, must_set_password=row.must_set_password, expires_at=row.expires_at,
        ended=row.ended_at is not None, delegation_id=row.delegation_id,
    )  # fmt: skip


async def acting_facts(tx: Transaction, delegation_id: UUID | None) -> rules.Acting | None:
    """A delegation with what its delegator holds; None where there is none. Whether it counts is the rules' to say."""
    row = None if delegation_id is None else await delegations.by_id(tx, delegation_id)
    return None if row is None else await _acting(tx, row)


async def _acting(tx: Transaction, row: DelegationRow) -> rules.Acting | None:
    delegator = await person_facts(tx, row.from_person_id)
    return None if delegator is None else rules.Acting(row.facts(), delegator)


async def acting_of(tx: Transaction, person_id: UUID) -> list[rules.Acting]:
    """Everything delegated to a person that has not ended, the earliest first."""
    found = [await _acting(tx, row) for row in await delegations.given_to(tx, person_id)]
    return [one for one in found if one is not None]


async def deputies(tx: Transaction, matrix: Matrix, unit_code: str, positions: Iterable[str]) -> list[ActingHolder]:
    """Who may act today for holders of `positions` at the unit, every bound of the delegation judged anew."""
    found = []
    for row in await delegations.standing_at(tx, unit_code, positions):
        acting, delegate = await _acting(tx, row), await person_facts(tx, row.to_person_id)
        post = acting.post(delegate, matrix, tx.now) if acting is not None and delegate is not None else None
        if acting is None or delegate is None or post is None:
            continue
        table = await delegations.table_in_force(tx)
        found.append(rules.as_deputy(acting, delegate, post, matrix, table))
    return found


async def session_for_change(tx: Transaction, session_id: UUID) -> Session | None:
    """The session with its row locked."""
    return await tx.scalar(select(Session).where(Session.id == session_id).with_for_update())


async def open_sessions(tx: Transaction, person_id: UUID) -> Sequence[Session]:
    statement = select(Session).where(Session.person_id == person_id, Session.ended_at.is_(None))
    return await tx.scalars(statement.with_for_update())


async def account_of_login(tx: Transaction, login: str) -> Account | None:
    return await tx.scalar(select(Account).where(Account.login == login))


async def person_of_staff_no(tx: Transaction, staff_no: str) -> UUID | None:
    """The person id of the natural person with this staff number."""
    return await tx.scalar(select(Person.id).where(Person.staff_no == staff_no, Person.kind == "person"))


async def home_of(tx: Transaction, person_id: UUID | None) -> str:
    """The unit that a person belongs to, for the audit trail; the head office for nobody."""
    found = await tx.scalar(select(Person.org_path).where(Person.id == person_id))
    return found or "00"


async def former_passwords(tx: Transaction, person_id: UUID, most: int) -> list[str]:
    """The hashes of the last `most` passwords before the present one."""
    row = FormerPassword
    statement = select(row).where(row.person_id == person_id).order_by(row.set_at.desc()).limit(most)
    return [one.password_hash for one in await tx.scalars(statement)]


async def account_of(tx: Transaction, person_id: UUID) -> Account | None:
    """The person's account with its row locked."""
    return await tx.scalar(select(Account).where(Account.person_id == person_id).with_for_update())


async def one_time_token(tx: Transaction, token_hash: bytes, person_id: UUID) -> OneTimeToken | None:
    """An unused token of this person that has not expired, with its row locked."""
    tokens = select(OneTimeToken).where(OneTimeToken.token_hash == token_hash, OneTimeToken.person_id == person_id)
    valid = tokens.where(OneTimeToken.used_at.is_(None), OneTimeToken.expires_at > tx.now)
    return await tx.scalar(valid.with_for_update())


async def refresh_token(tx: Transaction, token_hash: bytes) -> RefreshToken | None:
    """The token with its row locked, used or not."""
    return await tx.scalar(select(RefreshToken).where(RefreshToken.token_hash == token_hash).with_for_update())


async def lock_login(tx: Transaction, login_key: bytes) -> None:
    """One attempt to begin at a time for one login."""
    await tx.execute(_LOCK, {"key": int.from_bytes(login_key[:8], "big", signed=True)})


async def attempts(
    tx: Transaction, window: timedelta, *, login_key: bytes | None = None, source: str | None = None
) -> list[rules.Attempt]:
    """Failures within `window` and attempts under way, of a login or from a source."""
    since: datetime = tx.now - window
    whose: Any = SignInAttempt.login_key == login_key if source is None else SignInAttempt.source == source
    rows = await tx.scalars(select(SignInAttempt).where(whose, SignInAttempt.at > since))
    return [rules.Attempt(row.at, row.failed) for row in rows]


async def forget_attempts(tx: Transaction, login_key: bytes, own: UUID | None = None) -> None:
    """After the success of the attempt `own`, or when an administrator unlocks: the failures of this login are gone.

    Attempts of others that are still under way stay, and may yet fail.
    """
    gone = or_(SignInAttempt.failed, SignInAttempt.id == own)
    await tx.execute(delete(SignInAttempt).where(SignInAttempt.login_key == login_key, gone))


async def machine(tx: Transaction, name: str) -> UUID | None:
    """The person id of the machine with this staff number."""
    return await tx.scalar(select(Person.id).where(Person.staff_no == name, Person.kind == "machine"))


async def keys_of(tx: Transaction, person_id: UUID) -> Sequence[MachineKey]:
    """The machine's keys that count, the older first."""
    statement = select(MachineKey).where(MachineKey.person_id == person_id)
    counts = or_(MachineKey.revoked_at.is_(None), MachineKey.revoked_at > tx.now)
    return await tx.scalars(statement.where(counts).order_by(MachineKey.created_at))
