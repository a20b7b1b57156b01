"""The gateway's own rooms in process over their own database, with a whole province in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.support import engines
from tests.support.gateway import GatewayUnderTest, running


@pytest.fixture
async def gateway(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[GatewayUnderTest]:
    async with running(database_urls["gateway"], tmp_path) as found:
        yield found
