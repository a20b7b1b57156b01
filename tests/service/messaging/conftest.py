"""A publisher and a consumer with their own databases and their own way into NATS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from shared.consuming import Consumers
from shared.database import Database
from shared.messaging import Bus
from shared.relay import Relay
from tests.support import event_world as world
from tests.support import streams
from tests.support.engines import EngineRun, NatsCredentials


@dataclass
class Pair:
    """`claims` publishes, `crm` listens."""

    nats: NatsCredentials
    claims: Database
    crm: Database
    claims_bus: Bus
    crm_bus: Bus
    relay: Relay
    consumers: Consumers


@pytest.fixture(scope="session")
async def event_databases(engines: EngineRun, worker: str) -> dict[str, str]:
    """Addresses of the two databases, made once per worker."""
    names = {name: await world.make_database(engines, name, worker) for name in ("claims", "crm")}
    return {name: engines.url(f"anlan_{name}", database) for name, database in names.items()}


@pytest.fixture
async def pair(event_databases: dict[str, str], nats_credentials: NatsCredentials) -> AsyncIterator[Pair]:
    """Everything empty, both connected; nothing runs by itself."""
    claims, crm = (Database(name, event_databases[name]) for name in ("claims", "crm"))
    await world.empty(claims)
    await world.empty(crm)
    await streams.fresh_streams(nats_credentials)
    buses = [streams.bus(nats_credentials, name) for name in ("claims", "crm")]
    for bus in buses:
        await bus.open(10)
    yield Pair(
        nats_credentials, claims, crm, *buses, Relay(claims, buses[0]), Consumers(crm, buses[1], world.CONSUMERS)
    )
    for bus in buses:
        await bus.close()
    await claims.close()
    await crm.close()
