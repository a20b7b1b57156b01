"""Inbox: an event's id is stored in the transaction of its effect, so the effect happens exactly once.

Here are the tables and what happens to one event; fetching, lanes and acknowledgements are in `shared/consuming.py`.
The key is the event id, never the stream's sequence: sequences are used again after a roll-back.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import traceback
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, UUID, uuid5

import structlog
from prometheus_client import Counter
from sqlalchemy import BigInteger, Column, DateTime, Identity, Integer, Table, Text, Uuid, delete, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.actor import machine
from shared.crashpoints import crashpoint
from shared.errors import NotFound, Problem, ServiceUnavailable
from shared.events import CloudEvent, Consumer, Unreadable, decode, family_of, type_of
from shared.kernel import kernel
from shared.leadership import name_of
from shared.telemetry import continue_trace

if TYPE_CHECKING:
    from shared.database import Database, Transaction

log = structlog.get_logger()

MAX_TRIES = 5
"""Failures of the handler before the event becomes a dead letter and later events of its record go on."""

OTHER_VERSION = "other_version"
"""Reason of an event in a version that this consumer does not know: parked at once, for the time after the upgrade."""

LONGEST_EFFECT_S = 25
"""Below the stream's acknowledgement wait; longer, the database is not answering."""

_COUNTED_STATES = ("55P03", "57014")
"""Lock and statement time-outs are this statement's own, although the database answers them as unavailable."""

DEAD = Counter("anlan_dead_letters_total", "Events given up", ["service", "reason"])

inbox = Table(
    "inbox",
    kernel,
    Column("consumer", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("received_at", DateTime(timezone=True), nullable=False),
)

handler_failures = Table(
    "handler_failures",
    kernel,
    Column("consumer", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
)

dead_letters = Table(
    "dead_letters",
    kernel,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("consumer", Text, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("subject", Text, nullable=False),
    Column("event", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("redriven_at", DateTime(timezone=True)),
)


class Outcome(StrEnum):
    APPLIED = "applied"
    SEEN = "seen"
    FAILED = "failed"
    DEAD = "dead"
    WAITS = "waits"
    """An earlier event of the same record has not had its effect yet."""
    UNAVAILABLE = "unavailable"
    """The database, not the handler, is at fault: nothing was counted."""


@dataclass(frozen=True, slots=True)
class Taken:
    outcome: Outcome
    failure: Exception | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as it came, and what could be read of it."""

    subject: str
    body: bytes
    event: CloudEvent | None
    event_id: UUID
    key: UUID
    """The record whose events keep their order; an unreadable message is a record of its own."""
    fault: Unreadable | None = None

    @classmethod
    def of(cls, subject: str, body: bytes) -> Arrival:
        try:
            event = decode(body, subject)
        except Unreadable as fault:
            identity = uuid5(NAMESPACE_OID, f"{subject}:{hashlib.sha256(body).hexdigest()}")
            return cls(subject, body, None, identity, identity, fault)
        return cls(subject, body, event, event.id, event.subject)

    def document(self) -> dict[str, Any]:
        """What a dead letter keeps: the event, or the first characters of what was none."""
        if self.event is not None:
            # The database's JSON cannot hold the null character; an event with one must not wait for ever.
            return json.loads(self.event.model_dump_json().replace("\\u0000", "\\ufffd"))
        return {"unreadable": self.body[:2_000].decode("utf-8", "replace").replace("\0", "\ufffd")}


class Inbox:
    """Applies events in one database, each exactly once. `consumers` is the service's CONSUMERS tuple."""

    def __init__(self, database: Database, consumers: Sequence[Consumer]) -> None:
        self.database = database
        self.name = database.service
        self.actor = machine(database.service)
        self._by_subject: dict[str, list[Consumer]] = defaultdict(list)
        for consumer in consumers:
            self._by_subject[consumer.subject].append(consumer)

    @property
    def filters(self) -> Mapping[str, list[str]]:
        """Subjects to ask for, by stream. Every version of an event is asked for: a newer one is parked, not missed."""
        found: dict[str, set[str]] = defaultdict(set)
        for subject in self._by_subject:
            found[subject.partition(".")[0].upper()].add(family_of(subject))
        return {stream: sorted(subjects) for stream, subjects in sorted(found.items())}

    async def take(self, arrival: Arrival, *, again: bool = False) -> Taken:
        """Apply one event, or count its failure. Never raises for a fault of the event, the handler or the database.

        `again`: the message was delivered before, so a counted failure may have to be forgotten.
        """
        try:
            async with asyncio.timeout(LONGEST_EFFECT_S):
                return Taken(await self._apply(arrival, again=again))
        except Exception as failure:
            if database_at_fault(failure):
                log.warning("inbox_unavailable", service=self.name, fault=name_of(failure))
                return Taken(Outcome.UNAVAILABLE, failure)
            return await self._count(arrival, failure)

    async def redrive(self, dead_letter_id: int) -> bool:
        """Apply a dead letter now; False if its event has been applied meanwhile.

        Raises `NotFound` for an unknown id and whatever the handler raises: then the letter stays as it was.
        """
        query = select(dead_letters).where(dead_letters.c.id == dead_letter_id, dead_letters.c.consumer == self.name)
        async with self.database.transaction(self.actor) as tx:
            letter = (await tx.execute(query.with_for_update())).one_or_none()
            if letter is None:
                raise NotFound()
            event = decode(letter.event, letter.subject)
            with continue_trace(event.traceparent):
                applied = await self._effect(tx, letter.subject, event)
            mark = update(dead_letters).where(dead_letters.c.id == dead_letter_id)
            await tx.execute(mark.values(redriven_at=tx.now))
            await self._forget(tx, event.id)
        log.info("dead_letter_redriven", service=self.name, dead_letter=dead_letter_id, applied=applied)
        return applied

    async def _apply(self, arrival: Arrival, *, again: bool) -> Outcome:
        if arrival.event is None:
            raise arrival.fault or Unreadable("invalid_event")
        with continue_trace(arrival.event.traceparent):
            async with self.database.transaction(self.actor) as tx:
                applied = await self._effect(tx, arrival.subject, arrival.event)
                if again:
                    await self._forget(tx, arrival.event_id)
                crashpoint("inbox.before_commit")
        crashpoint("inbox.after_commit")
        return Outcome.APPLIED if applied else Outcome.SEEN

    async def _effect(self, tx: Transaction, subject: str, event: CloudEvent) -> bool:
        """Store the id and run every handler of the subject; False if the id was there already."""
        known = upsert(inbox).values(consumer=self.name, event_id=event.id, received_at=tx.now)
        if await tx.scalar(known.on_conflict_do_nothing().returning(inbox.c.event_id)) is None:
            return False
        for consumer in self._handlers(subject):
            await consumer.handler(tx, consumer.read(event))
        return True

    def consumers_of(self, subject: str) -> Sequence[Consumer]:
        """Those that this subject is for, in their order; none for one that is not known here."""
        return self._by_subject.get(subject, ())

    def _handlers(self, subject: str) -> Sequence[Consumer]:
        if found := self.consumers_of(subject):
            return found
        known = {type_of(one) for one in self._by_subject}
        raise Unreadable(OTHER_VERSION if type_of(subject) in known else "unknown_subject", subject)

    async def _count(self, arrival: Arrival, failure: Exception) -> Taken:
        """Count a failure in a transaction of its own; the last one makes the dead letter."""
        reason = described(failure)
        kind = failure.reason if isinstance(failure, Unreadable) else "handler"
        try:
            async with asyncio.timeout(LONGEST_EFFECT_S), self.database.transaction(self.actor) as tx:
                tries = await self._one_more(tx, arrival.event_id, reason)
                dead = tries >= MAX_TRIES or kind == OTHER_VERSION
                if dead:
                    await self._bury(tx, arrival, reason, tries)
        except Exception as fault:
            log.warning("inbox_unavailable", service=self.name, fault=name_of(fault))
            return Taken(Outcome.UNAVAILABLE, failure)
        if not dead:
            log.warning("handler_failed", service=self.name, **facts(arrival), tries=tries, reason=reason)
            return Taken(Outcome.FAILED, failure, tries)
        DEAD.labels(self.name, kind).inc()
        log.error("dead_letter", service=self.name, **facts(arrival), tries=tries, reason=reason)
        return Taken(Outcome.DEAD, failure, tries)

    async def _one_more(self, tx: Transaction, event_id: UUID, reason: str) -> int:
        add = upsert(handler_failures).values(
            consumer=self.name, event_id=event_id, tries=1, last_error=reason, last_at=tx.now
        )
        add = add.on_conflict_do_update(
            index_elements=["consumer", "event_id"],
            set_={"tries": handler_failures.c.tries + 1, "last_error": reason, "last_at": tx.now},
        )
        return await tx.scalar(add.returning(handler_failures.c.tries))

    async def _bury(self, tx: Transaction, arrival: Arrival, reason: str, tries: int) -> None:
        letter = {"reason": reason, "tries": tries, "created_at": tx.now, "redriven_at": None}
        add = upsert(dead_letters).values(
            consumer=self.name, event_id=arrival.event_id, subject=arrival.subject, event=arrival.document(), **letter
        )
        await tx.execute(add.on_conflict_do_update(index_elements=["consumer", "event_id"], set_=letter))
        await self._forget(tx, arrival.event_id)

    async def _forget(self, tx: Transaction, event_id: UUID) -> None:
        mine = (handler_failures.c.consumer == self.name) & (handler_failures.c.event_id == event_id)
        await tx.execute(delete(handler_failures).where(mine))


async def open_dead_letters(database: Database) -> int:
    """How many dead letters wait for somebody."""
    waiting = select(func.count()).select_from(dead_letters).where(dead_letters.c.redriven_at.is_(None))
    async with database.transaction(machine(database.service)) as tx:
        return await tx.scalar(waiting)


def database_at_fault(failure: BaseException) -> bool:
    """Whether the database was away, full, or asks to begin again, so that the handler has no part in it."""
    if isinstance(failure, TimeoutError):
        return True
    if not isinstance(failure, ServiceUnavailable):
        return False
    state = getattr(getattr(failure.__cause__, "orig", None), "sqlstate", None)
    return state not in _COUNTED_STATES


def described(failure: BaseException) -> str:
    """Kind and place of a failure, never its text: that may quote a value."""
    kind = name_of(failure)
    if isinstance(failure, Unreadable):
        return str(failure)[:500]
    if isinstance(failure, Problem):
        kind = f"{kind} {failure.code}"
    frames = [frame for frame in traceback.extract_tb(failure.__traceback__) if "site-packages" not in frame.filename]
    place = f" at {'/'.join(frames[-1].filename.split('/')[-3:])}:{frames[-1].lineno}" if frames else ""
    return f"{kind}{place}"[:500]


def facts(arrival: Arrival) -> dict[str, str]:
    """What a log line may say about a message."""
    return {"subject": arrival.subject, "event_id": str(arrival.event_id), "record_id": str(arrival.key)}
