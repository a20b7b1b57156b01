"""A service with files and jobs over its own database and its own folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from shared.settings import DeployableSettings
from tests.support import file_world
from tests.support.engines import EngineRun


@pytest.fixture(scope="session")
async def files_url(engines: EngineRun, worker: str) -> str:
    """The address of the database, made once per worker."""
    return await file_world.make_database(engines, worker)


@pytest.fixture
async def settings(engines: EngineRun, files_url: str, tmp_path: Path) -> DeployableSettings:
    """Everything empty."""
    await file_world.empty(engines, files_url)
    return file_world.settings_in(tmp_path, files_url)


@pytest.fixture
async def world(settings: DeployableSettings) -> AsyncIterator[file_world.World]:
    async with file_world.running(settings) as found:
        yield found


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Move the clock forward."""
    clock = tmp_path / "clock"
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(clock))

    def move(by: timedelta) -> None:
        clock.write_text(str(by.total_seconds()), encoding="ascii")

    return move
