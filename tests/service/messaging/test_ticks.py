"""Due work: once each, by the movable clock, also after a downtime."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.database import Transaction
from shared.ticks import Scheduler, Tick, one_by_one, run_once
from tests.service.messaging.conftest import Pair
from tests.support import event_world as world

MINUTE = timedelta(minutes=1)


async def announced(pair: Pair) -> Counter[Any]:
    return Counter(row.record_id for row in await world.rows(pair.claims, "select record_id from outbox"))


async def test_everything_due_is_done_once_in_bounded_batches_with_its_own_day(pair: Pair) -> None:
    await world.plan(pair.claims, 25)
    await world.plan(pair.claims, 5, date(2999, 1, 1))
    assert await run_once(pair.claims, world.TICK, batch=10) == 25
    assert await run_once(pair.claims, world.TICK, batch=10) == 0
    assert sorted((await announced(pair)).values()) == [1] * 25
    claims = await world.rows(pair.claims, "select distinct due_on from tick_claims")
    assert [row.due_on for row in claims] == [date(2026, 1, 5)]


async def test_a_broken_item_is_passed_over_and_tried_again_next_time(pair: Pair) -> None:
    await world.plan(pair.claims, 30)
    broken = {row.id for row in await world.rows(pair.claims, "select id from due_things order by id limit 12")}

    async def sometimes(tx: Transaction, item: Any) -> None:
        await world.announce(tx, item)
        if item.id in broken:
            raise world.HandlerBroke

    tick = Tick("thing", MINUTE, one_by_one(world.due_before, sometimes))
    assert await run_once(pair.claims, tick, batch=5) == 18
    assert not broken & set(await announced(pair))
    broken.clear()
    assert await run_once(pair.claims, tick, batch=5) == 12
    assert set((await announced(pair)).values()) == {1}


async def test_two_passes_at_the_same_moment_do_everything_once(pair: Pair) -> None:
    await world.plan(pair.claims, 60)
    await asyncio.gather(*(run_once(pair.claims, world.TICK, batch=20) for _ in range(3)))
    assert sorted((await announced(pair)).values()) == [1] * 60


async def test_what_becomes_due_follows_the_movable_clock(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.plan(pair.claims, 3, date(2999, 1, 1))
    assert await run_once(pair.claims, world.TICK) == 0
    clock = tmp_path / "clock"
    clock.write_text(str(365.25 * 86_400 * 980), encoding="ascii")
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(clock))
    assert await run_once(pair.claims, world.TICK) == 3


async def test_one_scheduler_leads_the_second_takes_over_and_a_failing_rule_stops_no_other(pair: Pair) -> None:
    async def breaks(_database: Any, _limit: int) -> int:
        raise world.HandlerBroke

    ticks = (Tick("broken", timedelta(seconds=0.1), breaks), Tick("thing", timedelta(seconds=0.1), world.TICK.function))
    await world.plan(pair.claims, 3)
    first, second = (asyncio.create_task(Scheduler(pair.claims, ticks).run()) for _ in range(2))
    try:
        await until(lambda: announced(pair), 3)
        first.cancel()
        await asyncio.wait([first])
        await world.plan(pair.claims, 4)
        await until(lambda: announced(pair), 7)
    finally:
        second.cancel()
        await asyncio.wait([second])
    assert set((await announced(pair)).values()) == {1}


async def until(count: Any, wanted: int) -> None:
    async with asyncio.timeout(20):
        while len(await count()) < wanted:  # noqa: ASYNC110 - another task works on it
            await asyncio.sleep(0.05)


def test_two_ticks_of_one_name_are_refused(pair: Pair) -> None:
    with pytest.raises(ValueError, match="thing"):
        Scheduler(pair.claims, (world.TICK, world.TICK))
