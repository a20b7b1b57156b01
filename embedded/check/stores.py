"""All stores as the checker sees them: six databases in one snapshot each, the streams, the files, the logs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

DEPLOYABLES = ("gateway", "policy", "claims", "risk", "complaints", "crm")
SERVICES = DEPLOYABLES[1:]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a stream."""

    stream: str
    sequence: int
    event: Mapping[str, Any]
    """The CloudEvent; empty where the body is none."""


@dataclass(frozen=True, slots=True)
class Durable:
    """One consumer that the server keeps for somebody."""

    stream: str
    name: str
    subjects: tuple[str, ...]
    waiting: int
    unacknowledged: int


@dataclass
class Stores:
    """Readable and nothing more. `databases`: deployable → connection, one snapshot as long as the look lasts."""

    databases: Mapping[str, asyncpg.Connection]
    messages: Sequence[Message]
    durables: Sequence[Durable]
    attachments: Mapping[str, Path]
    """Deployable → the folder of its files; it need not exist."""
    now: datetime
    """By the clock that the processes read."""
    logs: Path | None = None
    clock_was_moved: bool = False
    idle_s: float = 10.0
    """How long a session may lie idle in a transaction."""
    remembered: dict[str, Any] = field(default_factory=dict)

    async def rows(self, database: str, query: str, *given: Any) -> list[asyncpg.Record]:
        return await self.databases[database].fetch(query, *given)

    async def value(self, database: str, query: str, *given: Any) -> Any:
        return await self.databases[database].fetchval(query, *given)

    async def each(self, database: str, query: str) -> AsyncIterator[asyncpg.Record]:
        """The rows of a large answer, without holding them all."""
        async for row in self.databases[database].cursor(query, prefetch=2_000):
            yield row

    async def events(self) -> Mapping[str, Mapping[str, Any]]:
        """Every event of every outbox by its id: `database`, `subject`, `event`, `record_id`, `sent_at`. Read once."""
        if "events" not in self.remembered:
            found: dict[str, Mapping[str, Any]] = {}
            query = "select event_id, subject, record_id, record_version, event, created_at, sent_at from outbox"
            for name in self.databases:
                async for row in self.each(name, query):
                    found[str(row["event_id"])] = {**row, "database": name, "event": json.loads(row["event"])}
            self.remembered["events"] = found
        return self.remembered["events"]


@asynccontextmanager
async def snapshots(dsns: Mapping[str, str]) -> AsyncIterator[dict[str, asyncpg.Connection]]:
    """A connection to each database, in a transaction that sees one moment and can change nothing."""
    async with AsyncExitStack() as held:
        found = {}
        for name, dsn in dsns.items():
            connection = await asyncpg.connect(dsn, timeout=10)
            held.push_async_callback(connection.close)
            await held.enter_async_context(connection.transaction(isolation="repeatable_read", readonly=True))
            await connection.fetchval("select 1")
            found[name] = connection
        yield found


def shift_of(clock_file: Path) -> timedelta:
    """How far the processes' time is moved against the database's."""
    text = clock_file.read_text(encoding="ascii").strip() if clock_file.exists() else ""
    return timedelta(seconds=float(text or 0))
