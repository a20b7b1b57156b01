"""From a message to its effect: once, in the order of its record; and messages that cannot be applied."""

from __future__ import annotations

import json

import pytest

from shared.consuming import Consumers
from shared.errors import NotFound
from shared.events import encode
from shared.ids import uuid7
from shared.inbox import MAX_TRIES, open_dead_letters
from shared.streams import Outgoing
from tests.service.messaging.conftest import Pair
from tests.support import event_world as world
from tests.support import streams


def impatient(pair: Pair) -> Consumers:
    return Consumers(pair.crm, pair.crm_bus, world.CONSUMERS, pauses_s=(0.05,))


async def send(pair: Pair, subject: str, body: bytes) -> None:
    assert None not in await pair.claims_bus.publish([Outgoing(subject, body, str(uuid7()))])


async def test_an_event_has_its_effect_once_however_often_it_is_delivered(pair: Pair) -> None:
    await world.report_many(pair.claims, 10)
    await pair.relay.drain()
    assert await pair.consumers.drain() == 10
    for row in await world.rows(pair.claims, "select subject, event from outbox"):
        await send(pair, row.subject, encode(row.event))
    assert await pair.consumers.drain() == 0
    assert set((await world.effects(pair.crm)).values()) == {1}


async def test_a_lost_durable_is_declared_again_and_nothing_happens_twice(pair: Pair) -> None:
    await world.report_many(pair.claims, 5)
    await pair.relay.drain()
    assert await pair.consumers.drain() == 5
    await streams.fresh_streams(pair.nats)
    assert await pair.relay.audit() == 5
    await world.report_many(pair.claims, 5)
    await pair.relay.drain()
    assert await pair.consumers.drain() == 5


async def test_a_failing_handler_leaves_no_effect_and_raises_in_a_strict_drain(pair: Pair) -> None:
    await world.change(pair.crm, "insert into poison values ('bad')")
    await world.report(pair.claims, world.File(uuid7()), world.ClaimReported(claim_no="bad"))
    await pair.relay.drain()
    with pytest.raises(world.HandlerBroke):
        await pair.consumers.drain()
    assert await world.effects(pair.crm) == {}
    failures = await world.rows(pair.crm, "select tries, last_error from handler_failures")
    assert [row.tries for row in failures] == [1]
    assert failures[0].last_error.startswith("HandlerBroke at tests/support/event_world.py:")
    assert "bad" not in failures[0].last_error


async def test_the_fifth_failure_makes_a_dead_letter_and_later_events_of_the_record_go_on_in_order(pair: Pair) -> None:
    await world.change(pair.crm, "insert into poison values ('bad')")
    claim, other = world.File(uuid7()), world.File(uuid7())
    await world.report(
        pair.claims, claim,
        world.ClaimReported(claim_no="bad"), world.ClaimSettled(claim_no="C1"), world.ClaimReported(claim_no="C1"),
    )  # fmt: skip
    await world.report(pair.claims, other)
    await pair.relay.drain()
    assert await impatient(pair).drain(strict=False) == 3

    letter = (await world.rows(pair.crm, "select * from dead_letters"))[0]
    assert (letter.consumer, letter.subject, letter.tries) == ("crm", world.REPORTED, MAX_TRIES)
    assert letter.event["data"]["claim_no"] == "bad"
    assert await world.rows(pair.crm, "select * from handler_failures") == []
    versions = await world.rows(
        pair.crm, "select record_version from effects where record_id = :id order by n", id=claim.id
    )
    assert [row.record_version for row in versions] == [2, 3]


async def test_a_redriven_dead_letter_has_its_effect_once(pair: Pair) -> None:
    await world.change(pair.crm, "insert into poison values ('bad')")
    await world.report(pair.claims, world.File(uuid7()), world.ClaimReported(claim_no="bad"))
    await pair.relay.drain()
    consumers = impatient(pair)
    await consumers.drain(strict=False)
    letter = (await world.rows(pair.crm, "select id from dead_letters"))[0].id

    with pytest.raises(world.HandlerBroke):
        await consumers.redrive(letter)
    assert await open_dead_letters(pair.crm) == 1
    await world.change(pair.crm, "delete from poison")
    assert await consumers.redrive(letter) is True
    assert await consumers.redrive(letter) is False
    assert await open_dead_letters(pair.crm) == 0
    assert list((await world.effects(pair.crm)).values()) == [1]
    with pytest.raises(NotFound):
        await consumers.redrive(letter + 1_000)


@pytest.mark.parametrize("body", [b"not json", b'{"id": 1}', b"\xff\x00\xfe", b"[]", b""])
async def test_a_message_that_is_no_event_becomes_a_dead_letter_and_the_others_flow(pair: Pair, body: bytes) -> None:
    await send(pair, world.REPORTED, body)
    await world.report_many(pair.claims, 3)
    await pair.relay.drain()
    assert await impatient(pair).drain(strict=False) == 3
    letters = await world.rows(pair.crm, "select reason, tries from dead_letters")
    assert [(row.reason.partition(":")[0], row.tries) for row in letters] == [("invalid_event", MAX_TRIES)]


async def test_an_event_without_a_field_that_the_view_needs_is_poison(pair: Pair) -> None:
    await world.report(pair.claims, world.File(uuid7()))
    event = dict((await world.rows(pair.claims, "select event from outbox"))[0].event)
    await send(pair, world.REPORTED, encode({**event, "id": str(uuid7()), "data": {"claim": "C1"}}))
    await send(pair, world.SETTLED, encode({**event, "id": str(uuid7())}))
    assert await impatient(pair).drain(strict=False) == 0
    reasons = sorted(row.reason for row in await world.rows(pair.crm, "select reason from dead_letters"))
    assert reasons == ["invalid_data: claim_no missing", "invalid_event: type and subject differ"]


async def test_unknown_members_and_attributes_are_ignored(pair: Pair) -> None:
    await world.report(pair.claims, world.File(uuid7()))
    event = dict((await world.rows(pair.claims, "select event from outbox"))[0].event)
    event["data"] = {**event["data"], "added_later": {"a": [1]}}
    await send(pair, world.REPORTED, encode({**event, "addedlater": "x"}))
    assert await pair.consumers.drain() == 1


async def test_a_newer_version_is_parked_at_once_and_applied_after_the_upgrade(pair: Pair) -> None:
    newer = world.REPORTED.replace(".v1", ".v2")
    await world.report_many(pair.claims, 3)
    for row in await world.rows(pair.claims, "select event from outbox"):
        await send(pair, newer, encode(row.event))
    await world.change(pair.claims, "delete from outbox")
    assert await pair.consumers.drain(strict=False) == 0
    letters = await world.rows(pair.crm, "select id, reason, tries from dead_letters order by id")
    assert [(row.reason, row.tries) for row in letters] == [(f"other_version: {newer}", 1)] * 3

    upgraded = Consumers(
        pair.crm, pair.crm_bus, [world.consumes(newer, view=world.ClaimSeen)(world.on_reported.handler)]
    )
    assert [await upgraded.redrive(row.id) for row in letters] == [True] * 3
    assert set((await world.effects(pair.crm)).values()) == {1}


async def test_the_trace_of_the_writer_reaches_the_effect(pair: Pair) -> None:
    from shared.telemetry import continue_trace, trace_id

    seen: list[str] = []

    async def note(tx: world.Transaction, event: world.Received[world.ClaimSeen]) -> None:
        seen.append(trace_id())

    with continue_trace(None):
        wanted = trace_id()
        await world.report(pair.claims, world.File(uuid7()))
    await pair.relay.drain()
    await Consumers(pair.crm, pair.crm_bus, [world.consumes(world.REPORTED, view=world.ClaimSeen)(note)]).drain()
    assert seen == [wanted]
    stored = await pair.claims_bus.stored("CLAIMS")
    assert stored is not None
    assert json.loads(stored[1])["traceparent"].split("-")[1] == wanted
