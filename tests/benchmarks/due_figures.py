"""Figure 6: due visits found among a million planned ones and told exactly once, by two processes of which one dies."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from embedded import databases
from embedded.engines.postgres import PostgresCluster
from embedded.screen import step
from shared.database import Database
from tests.benchmarks.statistics import prepared
from tests.support import due_world
from tests.support.services import fill_directory

KILLED_AT = 0.2
"""The share of the due ones that is told when one of the two processes is killed."""
_LOOK_S = 0.2


@dataclass(frozen=True)
class DueFigures:
    """Visits planned and due, seconds from the first process' start to the end of the one that was left."""

    planned: int
    due: int
    seconds: float
    told_at_death: int
    last: due_world.Told

    @property
    def per_second(self) -> float:
        return self.due / self.seconds

    @property
    def exact(self) -> bool:
        return self.last.exactly(self.due)


def run(*, planned: int, due: int) -> DueFigures:
    """Fill a database of its own, with fsync, and let two processes tell what is due in it."""
    with tempfile.TemporaryDirectory(prefix="anlan-due-") as directory:
        cluster = PostgresCluster(Path(directory) / "postgres")
        cluster.start()
        try:
            return asyncio.run(_run(cluster, planned, due))
        finally:
            cluster.stop()


async def _run(cluster: PostgresCluster, planned: int, due: int) -> DueFigures:
    url = await prepared(cluster, "risk")
    dsn = cluster.dsn(databases.database_of("risk"))
    db = Database("risk", url, pool=1)
    await fill_directory(db)
    await db.close()
    with step(f"{planned} planned visits"):
        await due_world.fill(dsn, planned, due)
    with step(f"{due} due ones told by two processes, of which one is killed"):
        began = time.perf_counter()
        dies, lives = [await due_world.ticking(url) for _ in range(2)]
        at_death = 0
        while at_death < KILLED_AT * due and dies.returncode is None:
            await asyncio.sleep(_LOOK_S)
            at_death = (await due_world.told(dsn)).events
        if dies.returncode is None:
            dies.kill()
        await dies.wait()
        if await lives.wait() != 0:
            raise RuntimeError("the process that was left failed")
        seconds = time.perf_counter() - began
    again = await due_world.ticking(url)
    await again.wait()
    return DueFigures(planned, due, seconds, at_death, await due_world.told(dsn))
