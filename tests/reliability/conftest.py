"""Processes that may die, and the databases and streams they work on."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from shared.database import Database
from shared.messaging import Bus
from tests.support import event_world as world
from tests.support import streams
from tests.support.engines import EngineRun, NatsCredentials
from tests.support.event_worker import Forks

KILLS = int(os.environ.get("ANLAN_KILLS", "20"))
"""Deaths per crash point; the long run sets 100."""


@pytest.fixture
def dice() -> random.Random:
    """Every fault schedule comes from a seed that a failed run has printed; `ANLAN_SEED` repeats it."""
    seed = int(os.environ.get("ANLAN_SEED") or secrets.randbits(32))
    print(f"ANLAN_SEED={seed}")
    return random.Random(seed)


@dataclass
class Stage:
    """`claims` publishes, `crm` listens, in processes of their own; the test looks on with its own connections."""

    nats: NatsCredentials
    urls: dict[str, str]
    claims: Database
    crm: Database
    claims_bus: Bus
    crm_bus: Bus
    forks: Forks

    def order(self, work: str, crashpoint: str = "", seconds: float = 30, **more: Any) -> dict[str, Any]:
        """An order for `forks.run`."""
        seeds = {name: self.nats.seed(name) for name in ("claims", "crm")}
        place = {"databases": self.urls, "nats": self.nats.url, "seeds": seeds}
        return {"work": work, "crashpoint": crashpoint, "seconds": seconds, **place, **more}


@pytest.fixture(scope="session")
async def stage_urls(engines: EngineRun, worker: str) -> dict[str, str]:
    names = {name: await world.make_database(engines, name, worker, "faults") for name in ("claims", "crm")}
    return {name: engines.url(f"anlan_{name}", database) for name, database in names.items()}


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    made = Forks()
    yield made
    made.close()


@pytest.fixture
async def stage(stage_urls: dict[str, str], nats_credentials: NatsCredentials, forks: Forks) -> AsyncIterator[Stage]:
    claims, crm = (Database(name, stage_urls[name]) for name in ("claims", "crm"))
    await world.empty(claims)
    await world.empty(crm)
    await streams.fresh_streams(nats_credentials)
    buses = [streams.bus(nats_credentials, name) for name in ("claims", "crm")]
    for bus in buses:
        await bus.open(10)
    yield Stage(nats_credentials, stage_urls, claims, crm, buses[0], buses[1], forks)
    for bus in buses:
        await bus.close()
    await claims.close()
    await crm.close()
