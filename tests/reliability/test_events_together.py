"""Events that share transactions keep what single ones have: once, in order, and poison parked alone."""

from __future__ import annotations

import asyncio
import random

import pytest

from shared.consuming import Consumers
from shared.events import encode
from shared.ids import uuid7
from shared.inbox import MAX_TRIES
from shared.relay import Relay
from shared.streams import Outgoing
from tests.reliability.conftest import KILLS, Stage
from tests.reliability.test_event_crashes import DIED, whole
from tests.reliability.test_event_delivery import running, until_effects
from tests.support import event_world as world

EVENTS = 400


async def transactions(stage: Stage) -> int:
    return len(await world.rows(stage.crm, "select distinct xmin::text from effects"))


@pytest.mark.fault("F9")
async def test_a_batch_that_is_delivered_again_has_its_effects_once(stage: Stage, dice: random.Random) -> None:
    await world.report_many(stage.claims, EVENTS)
    await Relay(stage.claims, stage.claims_bus).drain()
    rows = await world.rows(stage.claims, "select subject, event from outbox")
    again = [Outgoing(row.subject, encode(row.event), str(uuid7())) for row in rows * 2]
    dice.shuffle(again)
    assert None not in await stage.claims_bus.publish(again)
    async with running(Consumers(stage.crm, stage.crm_bus, world.TOGETHER)):
        await until_effects(stage, EVENTS, 30)
        async with asyncio.timeout(30):
            while (left := await stage.crm_bus.backlog("CLAIMS")).waiting or left.unacknowledged:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    await whole(stage)
    assert await transactions(stage) < EVENTS / 4


@pytest.mark.fault("F11")
async def test_of_a_batch_with_poison_that_one_alone_is_parked_and_the_others_keep_their_order(stage: Stage) -> None:
    await world.change(stage.crm, "insert into poison values ('bad')")
    bad, good = world.File(uuid7()), [world.File(uuid7()) for _ in range(20)]
    await world.report_again(stage.claims, good)
    await world.report(stage.claims, bad, world.ClaimReported(claim_no="bad"), *[world.ClaimSettled(claim_no="C")] * 3)
    for _ in range(4):
        await world.report_again(stage.claims, good)
    await Relay(stage.claims, stage.claims_bus).drain()
    async with running(Consumers(stage.crm, stage.crm_bus, world.TOGETHER, pauses_s=(0.1,))):
        await until_effects(stage, 103, 40)
    letters = await world.rows(stage.crm, "select record_version, tries from dead_letters, lateral"
                               " (select (event ->> 'recordversion')::int as record_version) as told")  # fmt: skip
    assert [(one.record_version, one.tries) for one in letters] == [(1, MAX_TRIES)]
    for claim, wanted in [(bad, [2, 3, 4]), *((one, [1, 2, 3, 4, 5]) for one in good)]:
        came = await world.rows(
            stage.crm, "select record_version from effects where record_id = :id order by n", id=claim.id
        )
        assert [row.record_version for row in came] == wanted
    assert await transactions(stage) < 103


@pytest.mark.fault("F13")
async def test_a_consumer_that_dies_before_or_after_the_commit_of_a_batch_has_each_effect_once(
    stage: Stage, dice: random.Random
) -> None:
    relay = Relay(stage.claims, stage.claims_bus)
    for kill in range(KILLS):
        await world.report_many(stage.claims, 60)
        await relay.drain()
        point = ("inbox.before_commit", "inbox.after_commit")[kill % 2]
        order = stage.order("consumers", f"{point}@{dice.randint(1, 3)}", together=True)
        assert [one.status for one in await stage.forks.run(order)] == [DIED]
    # what the dead ones had taken comes again after the acknowledgement wait
    await Consumers(stage.crm, stage.crm_bus, world.TOGETHER).drain(wait_s=60)
    await whole(stage)


async def test_workers_that_share_transactions_end_at_any_moment_and_hand_over_what_they_had(
    stage: Stage, dice: random.Random
) -> None:
    await world.report_many(stage.claims, EVENTS)
    for _ in range(15):
        relay = Relay(stage.claims, stage.claims_bus)
        async with running(relay, Consumers(stage.crm, stage.crm_bus, world.TOGETHER)):
            await asyncio.sleep(dice.uniform(0.05, 0.4))
    await Relay(stage.claims, stage.claims_bus).drain()
    await Consumers(stage.crm, stage.crm_bus, world.TOGETHER).drain(wait_s=75)
    await whole(stage)
