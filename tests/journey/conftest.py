"""The platform, once for all stories of one file; every story has claims and customers of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support import engines
from tests.support.claim_life import MovedClock
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


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[MovedClock]:
    """The platform's clock, for a story that happens on days of its own: asked for before `system`, it begins at the
    `BEGINS` of the file."""
    file = tmp_path_factory.mktemp("clock") / "clock"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANLAN_CLOCK_FILE", str(file))
        moved = MovedClock(file)
        moved.set(request.module.BEGINS)
        yield moved
