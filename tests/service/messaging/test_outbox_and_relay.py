"""From a change to its event on the stream."""

from __future__ import annotations

import json

import pytest

from shared.events import EventTooLarge, encode
from shared.ids import uuid7
from shared.outbox import depth
from shared.relay import gaps, replay
from shared.streams import BusUnreachable
from tests.service.messaging.conftest import Pair
from tests.support import event_world as world
from tests.support import streams


async def test_an_event_exists_exactly_if_its_change_was_committed(pair: Pair) -> None:
    await world.report(pair.claims, world.File(uuid7()))
    with pytest.raises(world.HandlerBroke):
        await world.report_and_fail(pair.claims, world.File(uuid7()))
    assert len(await world.published(pair.claims)) == 1
    assert await pair.relay.drain() == 1


async def test_events_of_a_record_are_numbered_without_gap_across_transactions(pair: Pair) -> None:
    claim, other = world.File(uuid7()), world.File(uuid7())
    await world.report(pair.claims, claim, world.ClaimReported(claim_no="C1"), world.ClaimSettled(claim_no="C1"))
    await world.report(pair.claims, other)
    with pytest.raises(world.HandlerBroke):
        await world.report_and_fail(pair.claims, claim)
    await world.report(pair.claims, claim, world.ClaimSettled(claim_no="C1"))
    found = await world.rows(
        pair.claims, "select record_version, subject from outbox where record_id = :id order by id", id=claim.id
    )
    assert [tuple(row) for row in found] == [(1, world.REPORTED), (2, world.SETTLED), (3, world.SETTLED)]


async def test_the_stream_holds_the_complete_cloudevent_in_the_order_of_the_outbox(pair: Pair) -> None:
    claims = await world.report_many(pair.claims, 3)
    assert await pair.relay.drain() == 3
    stored = [await pair.claims_bus.stored("CLAIMS", sequence) for sequence in (1, 2, 3)]
    events = [json.loads(message[1]) for message in stored if message]
    assert [event["subject"] for event in events] == [str(claim.id) for claim in claims]
    rows = await world.rows(pair.claims, "select event from outbox order by id")
    assert [encode(row.event) for row in rows] == [message[1] for message in stored if message]
    assert list(events[0]) == [
        "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "orgpath",
        "recordversion", "traceparent", "data",
    ]  # fmt: skip
    assert events[0]["type"] == "claims.claim.reported"
    assert events[0]["source"] == "claims"
    assert events[0]["time"].endswith("+08:00")
    assert events[0]["dataschema"].endswith("/claims.claim.reported.v1")


async def test_a_drained_outbox_is_empty_but_keeps_its_rows(pair: Pair) -> None:
    await world.report_many(pair.claims, 5)
    assert (await depth(pair.claims)).events == 5
    await pair.relay.drain()
    assert (await depth(pair.claims)).events == 0
    assert len(await world.published(pair.claims)) == 5
    assert await pair.relay.drain() == 0


async def test_an_event_above_the_servers_limit_is_refused_with_its_change(pair: Pair) -> None:
    with pytest.raises(EventTooLarge):
        await world.report(pair.claims, world.File(uuid7()), world.ClaimReported(claim_no="x" * 250_000))
    assert await world.published(pair.claims) == set()


async def test_an_event_marked_as_unsent_again_is_dropped_by_its_message_id(pair: Pair) -> None:
    await world.report_many(pair.claims, 2)
    await pair.relay.drain()
    await world.change(pair.claims, "update outbox set sent_at = null")
    assert await pair.relay.drain() == 2
    assert await pair.claims_bus.stored("CLAIMS", 3) is None


async def test_nothing_is_marked_while_the_stream_is_missing(pair: Pair) -> None:
    await streams.drop_streams(pair.nats, "CLAIMS")
    await world.report_many(pair.claims, 2)
    with pytest.raises(BusUnreachable):
        await pair.relay.drain()
    assert (await depth(pair.claims)).events == 2
    await streams.fresh_streams(pair.nats)
    assert await pair.relay.drain() == 2


async def test_a_stream_declared_anew_is_found_empty_and_refilled(pair: Pair) -> None:
    await world.report_many(pair.claims, 1_200)
    await pair.relay.drain()
    assert await gaps(pair.claims, pair.claims_bus) == []
    assert await pair.relay.audit() == 0

    await streams.fresh_streams(pair.nats)
    missing = await gaps(pair.claims, pair.claims_bus)
    assert [gap.outbox_id for gap in missing] == [
        row.id for row in await world.rows(pair.claims, "select id from outbox order by id")
    ]
    assert await pair.relay.audit() == 1_200
    assert await gaps(pair.claims, pair.claims_bus, whole=True) == []
    assert await pair.consumers.drain() == 1_200


async def test_only_the_lost_tail_is_sent_again(pair: Pair) -> None:
    await world.report_many(pair.claims, 50)
    await pair.relay.drain()
    await world.report_many(pair.claims, 3)
    # the outbox calls them sent, the stream never had them: what a lost acknowledged tail looks like
    await world.change(pair.claims, "update outbox set sent_at = created_at where sent_at is null")
    assert len(await gaps(pair.claims, pair.claims_bus)) == 3
    assert await pair.relay.audit() == 3
    assert await pair.claims_bus.stored("CLAIMS", 54) is None
    assert await pair.consumers.drain() == 53


async def test_a_replay_serves_a_new_consumer_and_changes_nothing_for_an_old_one(pair: Pair) -> None:
    await world.report_many(pair.claims, 20)
    await pair.relay.drain()
    assert await pair.consumers.drain() == 20
    first = (await world.rows(pair.claims, "select id from outbox order by id"))[4].id
    assert await replay(pair.claims, pair.claims_bus, after_id=first) == 15
    assert await pair.consumers.drain() == 0
    assert set((await world.effects(pair.crm)).values()) == {1}
