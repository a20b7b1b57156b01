"""Processes die between any two steps from the change to the effect; every event has its effect exactly once."""

from __future__ import annotations

import json
import random

import pytest

from shared.consuming import Consumers
from shared.outbox import depth
from shared.relay import Relay
from tests.reliability.conftest import KILLS, Stage
from tests.support import event_world as world

DIED = 137


async def whole(stage: Stage) -> None:
    """Every event of the outbox has had its effect, exactly once, and nothing else has had any."""
    happened = await world.effects(stage.crm)
    assert set(happened) == await world.published(stage.claims)
    assert set(happened.values()) <= {1}


async def stored(stage: Stage) -> int:
    """How many messages the stream holds."""
    last = await stage.claims_bus.stored("CLAIMS")
    return last[0] if last else 0


@pytest.mark.fault("F1")
async def test_events_of_a_writer_that_died_after_its_commit_are_published_by_the_relay(stage: Stage) -> None:
    for _ in range(KILLS):
        ended = await stage.forks.run(stage.order("report", "outbox.after_commit"))
        assert [one.status for one in ended] == [DIED]
    assert (await depth(stage.claims)).events == KILLS
    await stage.forks.run(stage.order("relay", seconds=3))
    assert (await depth(stage.claims)).events == 0
    assert await Consumers(stage.crm, stage.crm_bus, world.CONSUMERS).drain() == KILLS
    await whole(stage)


@pytest.mark.fault("F1")
@pytest.mark.fault("F2")
@pytest.mark.parametrize("point", ["outbox.after_commit", "outbox.after_puback"])
async def test_a_relay_that_dies_leaves_nothing_unpublished_and_publishes_nothing_twice(
    stage: Stage, point: str, dice: random.Random
) -> None:
    seen = set()
    for _ in range(KILLS):
        await world.report_many(stage.claims, dice.randint(1, 30))
        ended = await stage.forks.run(stage.order("relay", point))
        assert [one.status for one in ended] == [DIED]
        seen.add((ended[0].pid, ended[0].born))
    assert len(seen) == KILLS
    assert (await depth(stage.claims)).events > 0
    await stage.forks.run(stage.order("relay", seconds=3))
    assert (await depth(stage.claims)).events == 0
    assert await stored(stage) == len(await world.published(stage.claims))
    await Consumers(stage.crm, stage.crm_bus, world.CONSUMERS).drain()
    await whole(stage)


@pytest.mark.fault("F13")
async def test_a_consumer_that_dies_before_or_after_its_commit_has_each_effect_once(
    stage: Stage, dice: random.Random
) -> None:
    relay = Relay(stage.claims, stage.claims_bus)
    for kill in range(KILLS):
        await world.report_many(stage.claims, 12)
        await relay.drain()
        point = ("inbox.before_commit", "inbox.after_commit")[kill % 2]
        ended = await stage.forks.run(stage.order("consumers", f"{point}@{dice.randint(1, 8)}"))
        assert [one.status for one in ended] == [DIED]
    # what the dead ones had taken comes again after the acknowledgement wait
    await Consumers(stage.crm, stage.crm_bus, world.CONSUMERS).drain(wait_s=60)
    await whole(stage)


@pytest.mark.fault("F25")
@pytest.mark.fault("F26")
async def test_due_work_is_done_once_though_schedulers_die_and_two_run_at_once(
    stage: Stage, dice: random.Random
) -> None:
    await world.plan(stage.claims, 40 * KILLS)
    for kill in range(KILLS):
        point = ("ticks.before_commit", "ticks.after_commit")[kill % 2]
        ended = await stage.forks.run(stage.order("ticks", f"{point}@{dice.randint(1, 20)}"))
        assert [one.status for one in ended] == [DIED]
    left = 40 * KILLS - len(await world.published(stage.claims))
    assert left > 0
    await stage.forks.run(*[stage.order("ticks", seconds=3 + left / 100)] * 2)
    records = [row.record_id for row in await world.rows(stage.claims, "select record_id from outbox")]
    assert len(records) == len(set(records)) == 40 * KILLS


@pytest.mark.fault("F39")
async def test_of_two_relays_one_works_and_the_other_takes_over(stage: Stage) -> None:
    for _ in range(5):
        await world.report_many(stage.claims, 600)
        relay = stage.order("relay", "outbox.after_puback")
        # the second can die only after it has led, and it leads only after the first has died
        assert [one.status for one in await stage.forks.run(relay, relay)] == [DIED, DIED]
    assert await Relay(stage.claims, stage.claims_bus).drain() > 0
    rows = await world.rows(stage.claims, "select event_id from outbox order by id")
    assert await stored(stage) == len(rows) == 3_000
    messages = [await stage.claims_bus.stored("CLAIMS", sequence + 1) for sequence in range(len(rows))]
    assert [str(row.event_id) for row in rows] == [json.loads(one[1])["id"] for one in messages if one]
