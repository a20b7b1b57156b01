"""The stores of a checked world, put together as a running system would have them; they may be broken for one look."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg

from embedded.check.hygiene import expected_durables
from embedded.check.stores import DEPLOYABLES, Durable, Message, Stores
from shared.clock import process_now
from shared.streams import stream_of
from tests.support.checked_world import CheckedWorld


@asynccontextmanager
async def stores_of(world: CheckedWorld) -> AsyncIterator[Stores]:
    """All stores as a checker would see them, in transactions that are rolled back; rows may be broken in them."""
    async with AsyncExitStack() as held:
        databases = {}
        for name in DEPLOYABLES:
            connection = await asyncpg.connect(world.clones.superuser_dsn(name))
            held.push_async_callback(connection.close)
            transaction = connection.transaction()
            await transaction.start()
            held.push_async_callback(transaction.rollback)
            await connection.execute("set local session_replication_role = replica")
            databases[name] = connection
        yield Stores(
            databases=databases, messages=await _messages(databases), durables=_durables(),
            attachments={name: world.folder / name / "attachments" / name for name in DEPLOYABLES},
            now=process_now(), logs=world.folder,
        )  # fmt: skip


async def _messages(databases: Mapping[str, asyncpg.Connection]) -> list[Message]:
    found = []
    for connection in databases.values():
        rows = await connection.fetch("select subject, event from outbox order by id")
        for n, row in enumerate(rows, start=1):
            found.append(Message(stream_of(row["subject"]), n, json.loads(row["event"])))
    return found


def _durables() -> list[Durable]:
    return [Durable(stream, name, subjects, 0, 0) for (stream, name), subjects in expected_durables().items()]
