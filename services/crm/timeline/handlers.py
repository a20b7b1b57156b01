"""Learn whose record it is, and put what happened under its customer: once, in whatever order the news comes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.crm.customer.handlers import heard_of
from services.crm.customer.tables import Customer
from services.crm.reference.tables import RecordReference
from services.crm.timeline import queries
from services.crm.timeline.tables import TimelineEntry, WaitingEntry
from shared.clock import rfc3339
from shared.database import Transaction


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What an event says about one record: ids, codes and days in `summary`, yuan as strings in `amounts`."""

    event_id: UUID
    kind: str
    occurred_at: datetime
    about_kind: str
    about_id: UUID
    record_version: int
    path: str
    """Where the record lies that the event is about: a customer who is new here begins there."""
    summary: Mapping[str, Any] = field(default_factory=dict)
    amounts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Learnt:
    """What is known after a piece of news, and about which records more can be done now."""

    customer: Customer | None
    concerned: Mapping[UUID, str]
    """Kind by id: this record, where its customer is known, and those below it which have had none so far."""


async def learn(
    tx: Transaction, record_id: UUID, kind: str, path: str, *, customer_id: UUID | None = None,
    parent_id: UUID | None = None,
) -> Learnt:  # fmt: skip
    """Keep whose record it is, or above which other record that will be found; what waited for it is placed.

    Whoever works on one of the records concerned holds this record too, so that nothing is overtaken.
    """
    await queries.hold(tx, record_id)
    stated = {"record_id": record_id, "kind": kind, "customer_id": customer_id, "parent_id": parent_id, "path": path}
    row = insert(RecordReference).values(**stated, ended=False)
    known = {
        name: func.coalesce(row.excluded[name], getattr(RecordReference, name)) for name in ("customer_id", "parent_id")
    }
    kept = row.on_conflict_do_update(index_elements=["record_id"], set_=known)
    found, above = (await tx.execute(kept.returning(RecordReference.customer_id, RecordReference.parent_id))).one()
    if found is None and above is not None:
        found = await queries.customer_of(tx, above)
    if found is None:
        return Learnt(None, {})
    customer = await heard_of(tx, found, path)
    if customer.id != found:  # news that still names a record which was merged
        mine = update(RecordReference).where(RecordReference.record_id == record_id)
        await tx.execute(mine.values(customer_id=customer.id))
    ids = [record_id, *await queries.below(tx, record_id)]
    missing = update(RecordReference).where(RecordReference.record_id.in_(ids), RecordReference.customer_id.is_(None))
    gaining = missing.values(customer_id=customer.id).returning(RecordReference.record_id, RecordReference.kind)
    gained = {one.record_id: one.kind for one in await tx.execute(gaining)}
    await _place_waiting(tx, [record_id, *(one for one in gained if one != record_id)], customer)
    return Learnt(customer, {record_id: kind} | gained)


async def remember(tx: Transaction, fact: Fact, customer: Customer | None = None) -> Customer | None:
    """Put a fact on the timeline of whoever the record belongs to; until he is known it waits, and None is answered.

    `customer`: whose record it is, where the caller has just learnt that.
    """
    if customer is None:
        customer_id = await queries.customer_of(tx, fact.about_id)
        customer = None if customer_id is None else await heard_of(tx, customer_id, fact.path)
    if customer is None:
        document = {name: _plain(value) for name, value in asdict(fact).items()}
        row = {"event_id": fact.event_id, "about_id": fact.about_id, "path": fact.path, "entry": document}
        await tx.execute(insert(WaitingEntry).values(**row).on_conflict_do_nothing())
        return None
    await _write(tx, customer, fact)
    return customer


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    return str(value) if isinstance(value, UUID) else value


async def _place_waiting(tx: Transaction, ids: list[UUID], customer: Customer) -> None:
    waiting = delete(WaitingEntry).where(WaitingEntry.about_id.in_(ids)).returning(WaitingEntry.entry)
    for entry in await tx.scalars(waiting):
        times = {"occurred_at": datetime.fromisoformat(entry["occurred_at"])}
        ids_of = {name: UUID(entry[name]) for name in ("event_id", "about_id")}
        await _write(tx, customer, Fact(**{**entry, **times, **ids_of}))


def entry_id(fact: Fact) -> UUID:
    """The id of a fact's entry: the same whenever it is written, in the order of time and then of its record.

    48 bits of milliseconds, 12 of the record's version, 62 of the event's id, in the form of a UUID of version 7.
    """
    moment = int(fact.occurred_at.timestamp() * 1000) & (2**48 - 1)
    rest = int.from_bytes(hashlib.sha256(fact.event_id.bytes).digest()[:8], "big") & (2**62 - 1)
    return UUID(int=moment << 80 | 7 << 76 | min(fact.record_version, 4095) << 64 | 2 << 62 | rest)


async def _write(tx: Transaction, customer: Customer, fact: Fact) -> None:
    row = {
        "id": entry_id(fact), "org_path": customer.org_path, "created_at": tx.now, "customer_id": customer.id,
        "event_id": fact.event_id, "kind": fact.kind, "occurred_at": fact.occurred_at, "about_kind": fact.about_kind,
        "about_id": fact.about_id, "record_version": fact.record_version, "summary": dict(fact.summary),
        "amounts": dict(fact.amounts),
    }  # fmt: skip
    await tx.execute(insert(TimelineEntry).values(**row).on_conflict_do_nothing(index_elements=["event_id"]))


async def end_record(tx: Transaction, record_id: UUID, kind: str, path: str) -> None:
    """Keep that nothing more is to be done about a record, also where its beginning has not come in yet."""
    await queries.hold(tx, record_id)
    row = insert(RecordReference).values(record_id=record_id, kind=kind, path=path, ended=True)
    await tx.execute(row.on_conflict_do_update(index_elements=["record_id"], set_={"ended": True}))


async def has_ended(tx: Transaction, record_id: UUID) -> bool:
    """Whether the end of this record came in already."""
    statement = select(RecordReference.ended).where(RecordReference.record_id == record_id)
    return bool(await tx.scalar(statement))
