"""Several events in one transaction: all of them once and in order, or none of them."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from shared.database import Database, Transaction
from shared.events import Consumer, Received, encode
from shared.ids import uuid7
from shared.inbox import Arrival, Inbox, Outcome
from shared.telemetry import trace_id
from shared.together import goes_together, in_turn, take_together
from tests.service.messaging.conftest import Pair
from tests.support import event_world as world


@pytest.fixture
async def arrivals(pair: Pair) -> list[Arrival]:
    """Three events of one record and three of others, as the stream would bring them."""
    claim = world.File(uuid7())
    payloads = [world.ClaimReported(claim_no="C1"), world.ClaimSettled(claim_no="C1"), world.ClaimReported(claim_no="")]
    await world.report(pair.claims, claim, *payloads)
    await world.report_many(pair.claims, 3)
    rows = await world.rows(pair.claims, "select subject, event from outbox order by id")
    return [Arrival.of(row.subject, encode(row.event)) for row in rows]


async def order_of(database: Database) -> list[UUID]:
    return [row.event_id for row in await world.rows(database, "select event_id from effects order by n")]


async def transactions(database: Database) -> int:
    return len(await world.rows(database, "select distinct xmin::text from effects"))


async def test_events_that_go_together_have_their_effects_in_one_transaction_in_their_order(
    pair: Pair, arrivals: list[Arrival]
) -> None:
    inbox = Inbox(pair.crm, world.TOGETHER)
    assert all(goes_together(inbox, one) for one in arrivals)
    assert await take_together(inbox, arrivals)
    assert await order_of(pair.crm) == [one.event_id for one in arrivals]
    assert await transactions(pair.crm) == 1


async def test_an_event_that_comes_twice_in_a_batch_or_after_it_has_its_effect_once(
    pair: Pair, arrivals: list[Arrival]
) -> None:
    inbox = Inbox(pair.crm, world.TOGETHER)
    assert (await inbox.take(arrivals[0])).outcome is Outcome.APPLIED
    assert await take_together(inbox, [*arrivals, *arrivals])
    assert await take_together(inbox, arrivals)
    assert (await inbox.take(arrivals[-1])).outcome is Outcome.SEEN
    assert await order_of(pair.crm) == [one.event_id for one in arrivals]


async def test_one_that_fails_leaves_nothing_of_the_batch_and_counts_nothing(
    pair: Pair, arrivals: list[Arrival]
) -> None:
    await world.change(pair.crm, "insert into poison values ('')")
    inbox = Inbox(pair.crm, world.TOGETHER)
    assert not await take_together(inbox, arrivals)
    for table in ("effects", "inbox", "handler_failures", "dead_letters"):
        assert await world.rows(pair.crm, f"select 1 from {table}") == []
    outcomes = [(await inbox.take(one)).outcome for one in arrivals]
    assert outcomes.count(Outcome.APPLIED) == 5
    assert outcomes[2] is Outcome.FAILED


async def test_an_unreadable_or_unknown_message_and_one_of_a_single_consumer_do_not_go_together(
    pair: Pair, arrivals: list[Arrival]
) -> None:
    inbox = Inbox(pair.crm, (world.TOGETHER[0], world.on_settled))
    assert [goes_together(inbox, one) for one in arrivals[:2]] == [True, False]
    assert not goes_together(inbox, Arrival.of(world.REPORTED, b"{}"))
    assert not goes_together(inbox, Arrival.of("claims.claim.reported.v2", arrivals[0].body))
    both = Inbox(pair.crm, (*world.TOGETHER, world.on_reported))
    assert not goes_together(both, arrivals[0])


async def test_a_consumer_that_publishes_is_left_to_the_transaction_of_its_event(
    pair: Pair, arrivals: list[Arrival]
) -> None:
    async def answer(tx: Transaction, event: Received[world.ClaimSeen]) -> None:
        tx.publish(world.ClaimSettled(claim_no=event.data.claim_no), world.File(event.record_id))

    consumers = [replace(one, handler=answer) for one in world.TOGETHER]
    assert not await take_together(Inbox(pair.crm, consumers), arrivals)
    assert await world.rows(pair.crm, "select 1 from outbox") == []


async def test_each_effect_has_its_own_trace_and_begins_in_the_scope_of_the_service(
    pair: Pair, arrivals: list[Arrival]
) -> None:
    seen: list[tuple[str, str]] = []

    async def look(tx: Transaction, event: Received[world.ClaimSeen]) -> None:
        seen.append((trace_id(), tx.scope))
        await tx.use_scope("00.32")

    consumers = [Consumer(one.subject, one.view, look, in_turn) for one in world.CONSUMERS]
    odd = [replace_trace(one, n) for n, one in enumerate(arrivals, 1)]
    assert await take_together(Inbox(pair.crm, consumers), odd)
    assert seen == [(f"{n:032x}", "00") for n in range(1, 7)]


def replace_trace(arrival: Arrival, n: int) -> Arrival:
    assert arrival.event is not None
    return replace(arrival, event=arrival.event.model_copy(update={"traceparent": f"00-{n:032x}-{n:016x}-01"}))
