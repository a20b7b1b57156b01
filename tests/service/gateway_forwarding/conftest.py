"""The forwarding before two services that stand in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.support import engines
from tests.support.forwarding_world import World, running
from tests.support.tokens import actor

LIMITS = (("claim_payment", "liability", "100000.00"), ("claim_payment", "accident", "50000.00"))


@pytest.fixture
async def world(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[World]:
    async with running(database_urls["gateway"], tmp_path) as found:
        found.register.knows("agent", actor("service_agent", "00.32.3201.320102"))
        found.register.knows("approver", actor("claims_approver", "00.32.3201", limits=LIMITS))
        found.register.knows("stale", actor("claims_approver", "00.32.3201", limits=LIMITS, name="other"), fresh=False)
        found.register.knows("core", actor("core_system", "00"))
        yield found
