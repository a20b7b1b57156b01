"""Two databases with the technical tables alone, a payload, a view and a counted effect: the machinery by itself.

`claims` publishes, `crm` listens. Every effect is a row in `effects`, which has no key: what happens twice is seen
twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Protocol
from uuid import UUID

import asyncpg
from alembic.migration import MigrationContext
from alembic.operations import Operations
from pydantic import BaseModel
from sqlalchemy import Connection, Date, column, select, table, text
from sqlalchemy.ext.asyncio import create_async_engine

from embedded import databases
from shared.actor import machine
from shared.database import Database, Transaction
from shared.events import Consumer, Payload, Received, consumes
from shared.ids import uuid7
from shared.migrations import event_gaps_1, kernel_1, unit_moves_1
from shared.ticks import Tick, claim, one_by_one, unclaimed
from shared.together import in_turn

REPORTED = "claims.claim.reported.v1"
SETTLED = "claims.claim.settled.v1"


class ClaimReported(Payload):
    SUBJECT = REPORTED
    claim_no: str
    injured_count: int = 0


class ClaimSettled(Payload):
    SUBJECT = SETTLED
    claim_no: str


class ClaimSeen(BaseModel):
    """What the consumer reads of both."""

    claim_no: str


@dataclass(frozen=True)
class File:
    """A record by id and place."""

    id: UUID
    org_path: str = "00.32.3201"


class HandlerBroke(RuntimeError):
    """What the handler of a poisoned event raises."""


@consumes(REPORTED)
async def on_reported(tx: Transaction, event: Received[ClaimSeen]) -> None:
    await leave_effect(tx, event)


@consumes(SETTLED)
async def on_settled(tx: Transaction, event: Received[ClaimSeen]) -> None:
    await leave_effect(tx, event)


CONSUMERS: tuple[Consumer, ...] = (on_reported, on_settled)
TOGETHER: tuple[Consumer, ...] = tuple(replace(one, together=in_turn) for one in CONSUMERS)
"""The same effects, several events in one transaction."""

_EFFECT = text("insert into effects (event_id, record_id, record_version) values (:event, :record, :version)")
_POISON = text("select 1 from poison where claim_no = :claim_no")


async def leave_effect(tx: Transaction, event: Received[ClaimSeen]) -> None:
    """The effect, unless the claim is poisoned: then it fails after it has written."""
    await tx.execute(_EFFECT, {"event": event.id, "record": event.record_id, "version": event.record_version})
    if await tx.scalar(_POISON, {"claim_no": event.data.claim_no}):
        raise HandlerBroke(event.data.claim_no)


EXTRA = """
create table effects (n bigint generated always as identity, event_id uuid, record_id uuid, record_version integer);
create table poison (claim_no text primary key);
create table due_things (id uuid primary key, due_on date not null, org_path text collate "C" not null default '00.32')
"""

due_things = table("due_things", column("id"), column("due_on", Date), column("org_path"))


class Cluster(Protocol):
    """A PostgreSQL server with the roles: that of the run, or one that a test may stop."""

    def superuser_dsn(self, database: str = ...) -> str: ...

    def url(self, role: str, database: str) -> str: ...


async def make_database(run: Cluster, deployable: str, worker: str, purpose: str = "events") -> str:
    """A new database of this worker with the technical tables and the three above; its name."""
    name = f"anlan_{purpose}_{deployable}_{worker}"
    role = databases.role_of(deployable)
    connection = await asyncpg.connect(run.superuser_dsn(), timeout=10)
    try:
        await connection.execute(f"drop database if exists {name} with (force)")
        await connection.execute(f"create database {name} owner {databases.OWNER}")
        for statement in databases.grants(name, role):
            await connection.execute(statement)
    finally:
        await connection.close()
    await databases.rights(run.superuser_dsn(), name, role)
    engine = create_async_engine(run.url(databases.OWNER, name))
    async with engine.begin() as owner:
        await owner.run_sync(_build)
    await engine.dispose()
    return name


def _build(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        kernel_1()
        unit_moves_1()
        event_gaps_1()
    for statement in EXTRA.split(";"):
        connection.execute(text(statement))


async def empty(database: Database) -> None:
    """Take every row of the events machinery away."""
    async with database.transaction(machine(database.service)) as tx:
        for name in (
            "outbox", "event_gaps", "stream_audits", "event_counters", "inbox", "handler_failures", "dead_letters",
            "tick_claims", "effects", "poison", "due_things",
        ):  # fmt: skip
            await tx.execute(text(f"delete from {name}"))


async def report(database: Database, claim: File, *payloads: Payload) -> None:
    """One use case that leaves events about `claim`; without payloads one `ClaimReported`."""
    async with database.transaction(machine(database.service)) as tx:
        for payload in payloads or (ClaimReported(claim_no="C1"),):
            tx.publish(payload, claim)


async def report_and_fail(database: Database, claim: File) -> None:
    """A use case that has numbered and written its event and then fails: `HandlerBroke`."""
    async with database.transaction(machine(database.service)) as tx:
        tx.publish(ClaimReported(claim_no="C1"), claim)
        await tx.finish()
        raise HandlerBroke


async def report_many(database: Database, count: int, *, per_transaction: int = 100) -> list[File]:
    """`count` claims with one event each."""
    claims = [File(uuid7()) for _ in range(count)]
    for start in range(0, count, per_transaction):
        async with database.transaction(machine(database.service)) as tx:
            for claim in claims[start : start + per_transaction]:
                tx.publish(ClaimReported(claim_no=f"C{claim.id.hex[-6:]}"), claim)
    return claims


async def report_again(database: Database, claims: Sequence[File], *, per_transaction: int = 100) -> None:
    """One more event about each of these claims, in this order."""
    for start in range(0, len(claims), per_transaction):
        async with database.transaction(machine(database.service)) as tx:
            for claim in claims[start : start + per_transaction]:
                tx.publish(ClaimReported(claim_no="C1"), claim)


async def rows(database: Database, statement: str, **params: Any) -> list[Any]:
    """What a query finds in the service's own scope."""
    async with database.transaction(machine(database.service)) as tx:
        return list((await tx.execute(text(statement), params)).all())


async def change(database: Database, statement: str, **params: Any) -> None:
    """One statement in the service's own scope."""
    async with database.transaction(machine(database.service)) as tx:
        await tx.execute(text(statement), params)


async def effects(database: Database) -> Counter[UUID]:
    """Event id → how often it had its effect."""
    return Counter(row.event_id for row in await rows(database, "select event_id from effects"))


async def published(database: Database) -> set[UUID]:
    """The ids of all events in the outbox."""
    return {row.event_id for row in await rows(database, "select event_id from outbox")}


async def report_for_ever(database: Database) -> None:
    """One claim after the other, until somebody ends it."""
    while True:
        await report(database, File(uuid7()))


async def plan(database: Database, count: int, due_on: date = date(2026, 1, 5)) -> None:
    """`count` things that become due on that day."""
    async with database.transaction(machine(database.service)) as tx:
        await tx.execute(due_things.insert(), [{"id": uuid7(), "due_on": due_on} for _ in range(count)])


async def due_before(tx: Transaction, limit: int) -> list[Any]:
    """Due things that nobody has claimed, oldest first."""
    query = select(due_things.c.id, due_things.c.due_on).where(
        due_things.c.due_on <= tx.now.date(), unclaimed("thing", due_things.c.id, due_things.c.due_on)
    )
    return list((await tx.execute(query.order_by(due_things.c.due_on, due_things.c.id).limit(limit))).all())


async def announce(tx: Transaction, item: Any) -> None:
    """The effect of a due thing: one event about it."""
    if await claim(tx, "thing", item.id, item.due_on):
        tx.publish(ClaimReported(claim_no=item.due_on.isoformat()), File(item.id))


TICK = Tick("thing", timedelta(seconds=0.2), one_by_one(due_before, announce))
