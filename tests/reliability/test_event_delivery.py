"""Duplicates, disorder and poison between the stream and the effect."""

from __future__ import annotations

import asyncio
import os
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from shared.consuming import Consumers
from shared.database import Transaction
from shared.events import Received, consumes, encode
from shared.ids import uuid7
from shared.messaging import Bus
from shared.relay import Relay
from shared.streams import ACK_WAIT_S, Acknowledged, Outgoing
from tests.reliability.conftest import Stage
from tests.support import event_world as world

EVENTS = int(os.environ.get("ANLAN_EVENTS", "1000"))
"""Events per run; the long run sets 10,000."""

FLOW = 1_000
"""One in so many is poison."""


@asynccontextmanager
async def running(*workers: Consumers | Relay) -> AsyncIterator[None]:
    """The workers at work, as in their own processes."""
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        _, deaf = await asyncio.wait(tasks, timeout=10)
        assert not deaf, "a worker does not end when it is told to"


async def until_effects(stage: Stage, wanted: int, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while len(await world.effects(stage.crm)) < wanted:  # noqa: ASYNC110 - other tasks work on it
            await asyncio.sleep(0.1)


class Shuffling(Bus):
    """A connection that sends every batch in another order."""

    dice: random.Random

    async def publish(self, batch: Sequence[Outgoing]) -> list[Acknowledged | None]:
        order = self.dice.sample(range(len(batch)), len(batch))
        answers = await super().publish([batch[place] for place in order])
        return [answers[order.index(place)] for place in range(len(batch))]


@pytest.mark.fault("F9")
@pytest.mark.timeout(120 + EVENTS / 10)
async def test_duplicates_after_the_servers_window_have_no_effect(stage: Stage, dice: random.Random) -> None:
    await world.report_many(stage.claims, EVENTS)
    await Relay(stage.claims, stage.claims_bus).drain()
    async with running(Consumers(stage.crm, stage.crm_bus, world.CONSUMERS)):
        await until_effects(stage, EVENTS // 4, 60 + EVENTS / 50)
        rows = await world.rows(stage.claims, "select subject, event from outbox")
        for start in range(0, EVENTS, 500):
            # a message id of its own each: to the server these are new messages
            again = [Outgoing(row.subject, encode(row.event), str(uuid7())) for row in rows[start : start + 500]]
            dice.shuffle(again)
            assert None not in await stage.claims_bus.publish(again)
        await until_effects(stage, EVENTS, 60 + EVENTS / 50)
    assert await Consumers(stage.crm, stage.crm_bus, world.CONSUMERS).drain(wait_s=60 + EVENTS / 50) == 0
    happened = await world.effects(stage.crm)
    assert set(happened) == await world.published(stage.claims)
    assert set(happened.values()) == {1}


@pytest.mark.fault("F10")
@pytest.mark.timeout(120 + EVENTS / 10)
async def test_a_shuffled_stream_leaves_the_state_and_the_timeline_of_the_ordered_one(
    stage: Stage, dice: random.Random
) -> None:
    state: dict[UUID, int] = {}

    async def copy_and_note(tx: Transaction, event: Received[world.ClaimSeen]) -> None:
        await world.leave_effect(tx, event)
        state[event.record_id] = max(state.get(event.record_id, 0), event.record_version)

    # few records, so that one batch of the relay holds many versions of each
    claims = [world.File(uuid7()) for _ in range(max(10, EVENTS // 200))]
    rounds = EVENTS // len(claims)
    for _ in range(rounds):
        await world.report_again(stage.claims, dice.sample(claims, len(claims)))
    shuffling = Shuffling(stage.nats.url, name="claims", seed=stage.nats.seed("claims"))
    shuffling.dice = dice
    await Relay(stage.claims, shuffling).drain()
    await shuffling.close()
    consumer = consumes(world.REPORTED, view=world.ClaimSeen)(copy_and_note)
    await Consumers(stage.crm, stage.crm_bus, [consumer]).drain(wait_s=120 + EVENTS / 50)

    came: dict[UUID, list[int]] = defaultdict(list)
    for row in await world.rows(stage.crm, "select record_id, record_version from effects order by n"):
        came[row.record_id].append(row.record_version)
    assert all(sorted(versions) == list(range(1, rounds + 1)) for versions in came.values())
    assert all(versions != sorted(versions) for versions in came.values()), "nothing came out of order"
    assert state == {claim.id: rounds for claim in claims}


@pytest.mark.fault("F11")
async def test_poison_holds_up_its_own_record_only_until_it_is_a_dead_letter(stage: Stage) -> None:
    bad = world.File(uuid7())
    await world.change(stage.crm, "insert into poison values ('bad')")
    await world.report(stage.claims, bad, world.ClaimReported(claim_no="bad"), *[world.ClaimSettled(claim_no="C")] * 3)
    await world.report_many(stage.claims, FLOW - 1)
    consumers = Consumers(stage.crm, stage.crm_bus, world.CONSUMERS, pauses_s=(4, 8, 8, 8))
    async with running(Relay(stage.claims, stage.claims_bus), consumers):
        # long before the poison is a dead letter the others have had their effect
        await until_effects(stage, FLOW - 1, 24)
        assert await world.rows(stage.crm, "select 1 from effects where record_id = :id", id=bad.id) == []
        await until_effects(stage, FLOW + 2, 40)
    letters = await world.rows(stage.crm, "select subject, tries from dead_letters")
    assert [(letter.subject, letter.tries) for letter in letters] == [(world.REPORTED, 5)]
    after = await world.rows(
        stage.crm, "select record_version from effects where record_id = :id order by n", id=bad.id
    )
    assert [row.record_version for row in after] == [2, 3, 4]


async def test_workers_end_at_any_moment_and_hand_over_what_they_had_fetched(stage: Stage, dice: random.Random) -> None:
    await world.report_many(stage.claims, EVENTS)
    for _ in range(30):
        relay = Relay(stage.claims, stage.claims_bus)
        async with running(relay, Consumers(stage.crm, stage.crm_bus, world.CONSUMERS)):
            await asyncio.sleep(dice.uniform(0.05, 0.4))
    await Relay(stage.claims, stage.claims_bus).drain()
    rest = Consumers(stage.crm, stage.crm_bus, world.CONSUMERS)
    try:
        await rest.drain(wait_s=ACK_WAIT_S / 2)
    except TimeoutError:
        # A message that the server was sending in the very moment in which the subscription ended reaches nobody and
        # comes back after the acknowledgement wait. A batch that a worker took with it would be dozens.
        assert (await stage.crm_bus.backlog("CLAIMS")).unacknowledged <= 2
        await rest.drain(wait_s=2 * ACK_WAIT_S)
    happened = await world.effects(stage.crm)
    assert set(happened) == await world.published(stage.claims)
    assert set(happened.values()) == {1}


async def test_the_running_workers_apply_each_records_events_in_order_and_at_once(stage: Stage) -> None:
    relay = Relay(stage.claims, stage.claims_bus)
    async with running(relay, Consumers(stage.crm, stage.crm_bus, world.CONSUMERS)):
        await world.report(stage.claims, world.File(uuid7()))
        await until_effects(stage, 1, 10)
        began = asyncio.get_running_loop().time()
        claims = [world.File(uuid7()) for _ in range(10)]
        for _ in range(10):
            for claim in claims:
                await world.report(stage.claims, claim)
        await until_effects(stage, 101, 15)
        took = asyncio.get_running_loop().time() - began
    for claim in claims:
        found = await world.rows(
            stage.crm, "select record_version from effects where record_id = :id order by n", id=claim.id
        )
        assert [row.record_version for row in found] == list(range(1, 11))
    assert took < 10
