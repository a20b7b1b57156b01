"""The gateway's own rooms with an issuer outside that vouches for people, run by the tests themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import engines
from tests.support.gateway import GatewayUnderTest, running
from tests.support.issuer import CLIENT, EMERGENCY, FIRST, TestIssuer, issuing


@pytest.fixture
async def issuer() -> AsyncIterator[TestIssuer]:
    async with issuing(FIRST) as found:
        yield found


@pytest.fixture
async def gateway(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path, issuer: TestIssuer
) -> AsyncIterator[GatewayUnderTest]:
    told: dict[str, Any] = {
        "oidc_issuer": issuer.url, "oidc_client": CLIENT, "oidc_interval_s": 60, "emergency_logins": [EMERGENCY],
    }  # fmt: skip
    async with running(database_urls["gateway"], tmp_path, **told) as found:
        yield found
