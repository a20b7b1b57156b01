"""The policy service in process over its own database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.support import engines
from tests.support.services import ServiceUnderTest, running


@pytest.fixture
async def policy(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[ServiceUnderTest]:
    async with running("policy", database_urls["policy"], tmp_path) as service:
        yield service
