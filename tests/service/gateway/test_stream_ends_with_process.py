"""A process that is asked to stop closes its open streams first: nobody waits an hour for it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from gateway.feed.live import end_with_process
from tests.support import engines
from tests.support.feeding import listening
from tests.support.forwarding_world import served
from tests.support.gateway import GatewayUnderTest, fill, rooms_app, settings_of


@pytest.fixture
def asked() -> Iterator[list[int]]:
    """The signals that whoever runs the application was told of, as the server is."""
    told: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
    yield told
    signal.signal(signal.SIGTERM, before)


async def test_a_stop_closes_every_stream_and_reaches_the_server_too(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path, asked: list[int]
) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    app = rooms_app(settings_of(database_urls["gateway"], tmp_path))
    end_with_process(app)
    await fill(app.state.db)
    async with served(app) as port, httpx.AsyncClient(base_url=f"http://localhost:{port}") as client:
        who = await GatewayUnderTest(app, client, app.state.db).enter("department_head", "32")
        async with listening(client, who.access_token) as live:
            await asyncio.sleep(0.2)
            assert asked == []
            signal.raise_signal(signal.SIGTERM)
            lines = await live.until_end(3)
        assert lines[-2:] == [": end", ""]
        assert asked == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is handler


async def test_where_nobody_handles_the_signal_it_stays_as_it_is(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> None:
    app = rooms_app(settings_of(database_urls["gateway"], tmp_path))
    end_with_process(app)
    before = signal.getsignal(signal.SIGTERM)
    async with app.router.lifespan_context(app):
        assert signal.getsignal(signal.SIGTERM) == before
