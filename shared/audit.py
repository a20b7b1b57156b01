"""Who did what, and who was refused: one entry each, in the transaction of the change, chained by hash.

An entry carries hashes of the record before and after, no personal data; what a person may read of a record's past
is its history, which lies under the record's own row scope. Chains are sharded by deployable and central branch,
so that busy units do not wait for each other; the head row is locked last in the transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, LargeBinary, Table, Text, Uuid, insert, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.actor import Actor
from shared.clock import rfc3339
from shared.kernel import kernel

GENESIS = bytes(32)

audit_heads = Table(
    "audit_heads",
    kernel,
    Column("chain", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("h", LargeBinary, nullable=False),
)
audit_entries = Table(
    "audit_entries",
    kernel,
    Column("chain", Text, primary_key=True),
    Column("n", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("org_path", Text, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("action", Text, nullable=False),
    Column("object_type", Text, nullable=False),
    Column("object_id", Uuid, nullable=True),
    Column("outcome", Text, nullable=False),
    Column("request_id", Uuid, nullable=False),
    Column("entry", Text, nullable=False),
    Column("prev", LargeBinary, nullable=False),
    Column("h", LargeBinary, nullable=False),
)
history = Table(
    "history",
    kernel,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("record_type", Text, nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("org_path", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("staff_no", Text, nullable=False),
    Column("on_behalf_of", Uuid, nullable=True),
    Column("position", Text, nullable=False),
    Column("unit_code", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("before", JSONB, nullable=True),
    Column("after", JSONB, nullable=True),
    Column("reason", Text, nullable=True),
    Column("request_id", Uuid, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act, done or refused.

    `before` and `after` hold the changed fields; they reach the audit trail only as hashes.
    """

    action: str
    object_type: str
    object_id: UUID | None
    org_path: str
    outcome: str = "done"
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str | None = None
    in_history: bool = True


def canonical(value: Any) -> str:
    """The one JSON text of `value` that hashes are made of."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)


def link(prev: bytes, entry: str) -> bytes:
    """The hash that chains `entry` to its predecessor: SHA-256 of both."""
    return hashlib.sha256(prev + entry.encode()).digest()


def chain_of(service: str, org_path: str) -> str:
    """The chain an act at `org_path` belongs to: one for each central branch of each deployable."""
    return f"{service}:{'.'.join(org_path.split('.')[:3])}"


def _digest(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else hashlib.sha256(canonical(value).encode()).hexdigest()


def _written(entry: Entry, actor: Actor, now: datetime, n: int) -> str:
    return canonical(
        {
            "n": n,
            "at": rfc3339(now),
            "person_id": actor.person_id,
            "appointment_id": actor.appointment_id,
            "on_behalf_of": actor.on_behalf_of,
            "delegation_id": actor.delegation_id,
            "position": actor.position,
            "unit_code": actor.unit_code,
            "table_version": actor.table_version,
            "action": entry.action,
            "object_type": entry.object_type,
            "object_id": entry.object_id,
            "org_path": entry.org_path,
            "outcome": entry.outcome,
            "reason": _digest({"reason": entry.reason}) if entry.outcome == "done" and entry.reason else entry.reason,
            "before": _digest(entry.before),
            "after": _digest(entry.after),
            "request_id": actor.request_id,
            "source": actor.source,
        }
    )


async def write(session: AsyncSession, service: str, actor: Actor, now: datetime, entries: Sequence[Entry]) -> None:
    """Append `entries` to their chains and, for records, to their history. Called last in a transaction."""
    remembered = [_history_row(one, actor, now) for one in entries if one.in_history and one.object_id is not None]
    if remembered:
        await session.execute(insert(history), remembered)
    for chain in sorted({chain_of(service, one.org_path) for one in entries}):
        await _append(session, chain, actor, now, [one for one in entries if chain_of(service, one.org_path) == chain])


async def _append(session: AsyncSession, chain: str, actor: Actor, now: datetime, entries: Sequence[Entry]) -> None:
    head = select(audit_heads.c.n, audit_heads.c.h).where(audit_heads.c.chain == chain).with_for_update()
    found = (await session.execute(head)).one_or_none()
    if found is None:
        new = text("insert into audit_heads (chain, n, h) values (:chain, 0, :h) on conflict do nothing")
        await session.execute(new, {"chain": chain, "h": GENESIS})
        found = (await session.execute(head)).one()
    n, prev = found
    rows = []
    for one in entries:
        n += 1
        entry = _written(one, actor, now, n)
        rows.append(_audit_row(chain, n, one, actor, now, entry, prev))
        prev = rows[-1]["h"]
    await session.execute(insert(audit_entries), rows)
    await session.execute(audit_heads.update().where(audit_heads.c.chain == chain).values(n=n, h=prev))


async def makers_of(session: AsyncSession, record_type: str, record_id: UUID) -> frozenset[UUID]:
    """Who made a record: the person of its first line of history, and the one on whose behalf."""
    lines = history.c
    first = select(lines.person_id, lines.on_behalf_of).where(
        lines.record_type == record_type, lines.record_id == record_id
    )
    row = (await session.execute(first.order_by(lines.id).limit(1))).one_or_none()
    return frozenset() if row is None else frozenset({row.person_id, row.on_behalf_of or row.person_id})


def _audit_row(chain: str, n: int, one: Entry, actor: Actor, now: datetime, entry: str, prev: bytes) -> dict[str, Any]:
    return {
        "chain": chain,
        "n": n,
        "at": now,
        "org_path": one.org_path,
        "person_id": actor.person_id,
        "action": one.action,
        "object_type": one.object_type,
        "object_id": one.object_id,
        "outcome": one.outcome,
        "request_id": actor.request_id,
        "entry": entry,
        "prev": prev,
        "h": link(prev, entry),
    }


def _history_row(one: Entry, actor: Actor, now: datetime) -> dict[str, Any]:
    return {
        "record_type": one.object_type,
        "record_id": one.object_id,
        "org_path": one.org_path,
        "at": now,
        "person_id": actor.person_id,
        "staff_no": actor.staff_no,
        "on_behalf_of": actor.on_behalf_of,
        "position": actor.position,
        "unit_code": actor.unit_code,
        "action": one.action,
        "before": None if one.before is None else json.loads(canonical(one.before)),
        "after": None if one.after is None else json.loads(canonical(one.after)),
        "reason": one.reason,
        "request_id": actor.request_id,
    }


def first_broken(rows: Sequence[Mapping[str, Any]], *, n: int = 0, prev: bytes = GENESIS) -> int | None:
    """The number of the first entry of one chain (in order) whose place, predecessor or hash is wrong, or None."""
    for row in rows:
        n += 1
        entry = row["entry"]
        if row["n"] != n or row["prev"] != prev or row["h"] != link(prev, entry) or json.loads(entry)["n"] != n:
            return n
        prev = row["h"]
    return None
