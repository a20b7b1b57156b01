"""The claims service in process over its own database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.support import engines
from tests.support.claim_life import ClaimLife, MovedClock
from tests.support.services import ServiceUnderTest, running


@pytest.fixture
async def claims(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[ServiceUnderTest]:
    async with running("claims", database_urls["claims"], tmp_path) as service:
        yield service


@pytest.fixture
def life(claims: ServiceUnderTest) -> ClaimLife:
    return ClaimLife(claims)


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(tmp_path / "clock"))
    return MovedClock(tmp_path / "clock")
