"""The crm service in process over its own database, and the events that reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.support import engines
from tests.support.crm_world import CrmWorld
from tests.support.services import ServiceUnderTest, running


@pytest.fixture
async def crm(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[ServiceUnderTest]:
    async with running("crm", database_urls["crm"], tmp_path) as service:
        yield service


@pytest.fixture
def world(crm: ServiceUnderTest) -> CrmWorld:
    return CrmWorld(crm)
