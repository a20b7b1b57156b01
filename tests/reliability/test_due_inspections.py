"""Visits that are due are told exactly once, with two schedulers at work of which one dies."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping

import pytest

from shared.database import Database
from tests.support import due_world, engines
from tests.support.services import fill_directory

PLANNED, DUE, DIED = 1_000, 200, 137


@pytest.mark.parametrize("point", ["ticks.before_commit", "ticks.after_commit"])
async def test_of_a_thousand_planned_visits_each_due_one_is_told_once_though_a_scheduler_dies(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, clones: engines.Clones, dice: random.Random,
    point: str,
) -> None:  # fmt: skip
    url, dsn = database_urls["risk"], clones.superuser_dsn("risk")
    db = Database("risk", url, pool=1)
    await fill_directory(db)
    await db.close()
    await due_world.fill(dsn, PLANNED, DUE)
    both = [await due_world.ticking(url, f"{point}@{dice.randint(5, 60)}"), await due_world.ticking(url)]
    async with asyncio.timeout(120):
        ended = [await one.wait() for one in both]
    assert ended == [DIED, 0]
    assert (await due_world.told(dsn)).exactly(DUE), await due_world.told(dsn)
    again = await due_world.ticking(url)
    assert await again.wait() == 0
    assert (await due_world.told(dsn)).exactly(DUE)
