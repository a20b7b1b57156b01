"""The policy service in process over its own database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.support import engines
from tests.support.application_world import ApplicationWorld
from tests.support.services import ServiceUnderTest, running


@pytest.fixture
async def policy(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[ServiceUnderTest]:
    async with running("policy", database_urls["policy"], tmp_path) as service:
        yield service


@pytest.fixture
def world(policy: ServiceUnderTest) -> ApplicationWorld:
    """The service with the people who make and answer applications."""
    return ApplicationWorld(policy)


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The movable clock: a file with the seconds by which everybody's time is shifted."""
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(tmp_path / "clock"))
    return tmp_path / "clock"
