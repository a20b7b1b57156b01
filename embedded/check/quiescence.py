"""Waiting until nothing is on its way: outboxes empty, durables without backlog, no job running."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import asyncpg

from embedded.check.stores import Durable

PATIENCE_S = 60.0
_PAUSE_S = 0.5

_BUSY = """
    select (select count(*) from outbox where sent_at is null) as unsent,
        (select count(*) from jobs where state in ('queued', 'running')) as jobs,
        (select count(*) from handler_failures) as failures"""


async def until_quiet(
    dsns: Mapping[str, str], durables: Callable[[], list[Durable]], patience_s: float = PATIENCE_S
) -> list[str]:
    """What is still on its way after `patience_s` seconds; empty: nothing is."""
    deadline = time.monotonic() + patience_s
    while True:
        busy = await _busy(dsns) + _behind(await asyncio.to_thread(durables))
        if not busy or time.monotonic() > deadline:
            return busy
        await asyncio.sleep(_PAUSE_S)


async def _busy(dsns: Mapping[str, str]) -> list[str]:
    found = []
    for name, dsn in dsns.items():
        connection = await asyncpg.connect(dsn, timeout=10)
        try:
            row = await connection.fetchrow(_BUSY)
        finally:
            await connection.close()
        found += [f"{name}: {value} {what}" for what, value in (row or {}).items() if value]
    return found


def _behind(durables: list[Durable]) -> list[str]:
    return [
        f"{one.name} on {one.stream}: {one.waiting} waiting, {one.unacknowledged} unacknowledged"
        for one in durables
        if one.waiting or one.unacknowledged
    ]
