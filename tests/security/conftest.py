"""The platform, once for all tests of one file that need the services behind the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support import engines
from tests.support.system import System, platform


@pytest.fixture(scope="module")
async def system(
    clones: engines.Clones,
    nats_credentials: engines.NatsCredentials,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[System]:
    async with platform(clones, nats_credentials, tmp_path_factory.mktemp("platform")) as found:
        yield found
    await clones.reset()
