"""One active worker of a kind per database: whoever holds the session-level advisory lock works, the others wait.

The lock lives exactly as long as the connection that took it, so when the active process dies the next one takes over
at its next attempt, without a lease that could outlive its holder. The holder watches its connection and stops working
when it is gone; what it still had under way is harmless, because every effect is guarded by a key of its own.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

if TYPE_CHECKING:
    from shared.database import Database

log = structlog.get_logger()

_TRY = text("select pg_try_advisory_lock(hashtextextended('anlan.' || cast(:role as text), 0))")
_RELEASE = text("select pg_advisory_unlock_all()")
_ALIVE = text("select 1")

_ATTEMPT_S = 0.5
_WATCH_S = 1.0
_WATCH_LIMIT_S = 5.0


@asynccontextmanager
async def leading(database: Database, role: str) -> AsyncIterator[AsyncConnection]:
    """Wait until this process leads `role` on `database`; the lock is held until the block is left."""
    async with database.connect() as raw:
        connection = await raw.execution_options(isolation_level="AUTOCOMMIT")
        while not await connection.scalar(_TRY, {"role": role}):  # noqa: ASYNC110 - another process holds it
            await asyncio.sleep(_ATTEMPT_S * random.uniform(0.5, 1.5))  # noqa: S311 - spreads attempts
        try:
            yield connection
        finally:
            await asyncio.shield(_let_go(connection))


async def _let_go(connection: AsyncConnection) -> None:
    """Give the lock back; a connection that cannot do so is thrown away, since the pool would keep the lock alive."""
    try:
        async with asyncio.timeout(_WATCH_LIMIT_S):
            await connection.execute(_RELEASE)
    except Exception:
        await connection.invalidate()


async def lead(database: Database, role: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` for ever while leading `role`; begin again after every failure and every loss of the lock."""
    pause = _ATTEMPT_S
    while True:
        give_way()
        began = asyncio.get_running_loop().time()
        try:
            async with leading(database, role) as connection:
                log.info("leading", role=role, service=database.service)
                async with asyncio.TaskGroup() as group:
                    watch = group.create_task(_watch(connection))
                    await work()
                    watch.cancel()
        except Exception as failure:
            log.warning("leading_interrupted", role=role, service=database.service, fault=name_of(failure))
        if asyncio.get_running_loop().time() - began > 30:
            pause = _ATTEMPT_S
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads attempts
        pause = min(pause * 2, 5.0)


async def _watch(connection: AsyncConnection) -> None:
    while True:
        give_way()
        await asyncio.sleep(_WATCH_S)
        async with asyncio.timeout(_WATCH_LIMIT_S):
            await connection.execute(_ALIVE)


def give_way() -> None:
    """Raise `CancelledError` if this task was asked to end. A loop that runs for ever asks here at every turn.

    Before Python 3.12 `asyncio.wait_for`, which the libraries below us use, drops the request where its result arrives
    at the same moment; the loop would then never end, and its process with it.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def name_of(failure: BaseException) -> str:
    """The kinds of `failure` and its causes, never their texts: those may quote values."""
    if isinstance(failure, BaseExceptionGroup):
        return "+".join(sorted({name_of(one) for one in failure.exceptions}))
    inner = failure.__cause__
    name = type(failure).__name__
    return name if inner is None else f"{name}<{name_of(inner)}"
