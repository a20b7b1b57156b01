"""The risk service in process over its own database, with two engineers in the directory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support import engines
from tests.support.risk_world import ELSEWHERE, ENGINEER, appoint
from tests.support.services import ServiceUnderTest, running


@pytest.fixture
async def risk(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[ServiceUnderTest]:
    async with running("risk", database_urls["risk"], tmp_path) as service:
        await appoint(service, ENGINEER, ELSEWHERE)
        yield service


@pytest.fixture
def moved_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves every process's clock from the next transaction on."""
    file = tmp_path / "clock"
    file.write_text("0", encoding="ascii")
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(file))
    return lambda shift: file.write_text(str(shift.total_seconds()), encoding="ascii") and None
