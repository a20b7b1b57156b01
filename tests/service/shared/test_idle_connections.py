"""A pool whose connections die between two uses hands out only those that live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared import idle_connections
from tests.support.engines import EngineRun

_ME = text("select pg_backend_pid()")


@pytest.fixture
async def engine(engines: EngineRun) -> AsyncIterator[AsyncEngine]:
    url = engines.superuser_dsn().replace("postgresql://", "postgresql+asyncpg://")
    made = create_async_engine(url, pool_size=1, max_overflow=0)
    idle_connections.ask_idle_connections(made)
    yield made
    await made.dispose()


async def backend(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return (await connection.execute(_ME)).scalar_one()


async def end(engines: EngineRun, pid: int) -> None:
    connection = await asyncpg.connect(engines.superuser_dsn(), timeout=10)
    try:
        assert await connection.fetchval("select pg_terminate_backend($1, 5000)", pid)
    finally:
        await connection.close()
    await asyncio.sleep(0.05)


def pings(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []

    @event.listens_for(engine.sync_engine, "connect")
    def made(connection: object, _record: object) -> None:
        kind, ping = type(connection), type(connection).ping  # type: ignore[attr-defined]
        monkeypatch.setattr(kind, "ping", lambda self: (asked.append("ping"), ping(self))[1])

    return asked


async def test_a_connection_that_ended_just_now_is_not_handed_out(engine: AsyncEngine, engines: EngineRun) -> None:
    first = await backend(engine)
    assert await backend(engine) == first
    await end(engines, first)
    assert await backend(engine) != first


async def test_a_connection_used_just_now_is_not_asked_and_an_idle_one_is(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = pings(engine, monkeypatch)
    first = await backend(engine)
    await backend(engine)
    assert asked == []
    monkeypatch.setattr(idle_connections, "IDLE_S", 0.0)
    assert await backend(engine) == first
    assert asked == ["ping"]


async def test_an_idle_connection_that_does_not_answer_is_replaced(
    engine: AsyncEngine, engines: EngineRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine.connect() as connection:
        held = (await connection.get_raw_connection()).driver_connection
        first = (await connection.execute(_ME)).scalar_one()
    monkeypatch.setattr(idle_connections, "IDLE_S", 0.0)
    await end(engines, first)
    real = asyncpg.Connection.is_closed
    with monkeypatch.context() as patched:
        # the driver has not noticed: this one's end only, or any other that is collected now would complain
        patched.setattr(asyncpg.Connection, "is_closed", lambda self: False if self is held else real(self))
        assert await backend(engine) != first
    assert held is not None
    assert held.is_closed()
