"""The complaints service in process over its own database, with officers and heads in the directory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.support import engines
from tests.support.complaint_world import IN_OFFICE, appoint
from tests.support.services import ServiceUnderTest, running


@pytest.fixture
async def complaints(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[ServiceUnderTest]:
    async with running("complaints", database_urls["complaints"], tmp_path) as service:
        await appoint(service, *IN_OFFICE)
        yield service
