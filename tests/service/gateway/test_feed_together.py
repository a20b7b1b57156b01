"""Events that arrive together are in the feed once, without gap, in the order in which they were committed."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import text

from gateway.consumers import CONSUMERS
from shared.actor import machine
from shared.database import Database
from shared.events import encode
from shared.inbox import Arrival, Inbox, Outcome
from shared.together import goes_together, take_together
from tests.support.feeding import CUSTOMER, HANGZHOU, event
from tests.support.gateway import GatewayUnderTest


def arrival(one: dict[str, Any]) -> Arrival:
    return Arrival.of(f"{one['type']}.v1", encode(one))


async def feed(db: Database) -> list[Any]:
    async with db.transaction(machine("gateway")) as tx:
        return list((await tx.execute(text("select position, event_id, event from feed_events order by 1"))).all())


async def head(db: Database) -> int:
    async with db.transaction(machine("gateway")) as tx:
        return await tx.scalar(text("select last from feed_head"))


async def test_events_of_all_kinds_are_kept_together_as_they_were_published(gateway: GatewayUnderTest):
    before = await head(gateway.db)
    sent = [event(claim_no="C1"), event(CUSTOMER, HANGZHOU), event(), event(CUSTOMER)]
    inbox = Inbox(gateway.db, CONSUMERS)
    arrivals = [arrival(one) for one in sent]
    assert all(goes_together(inbox, one) for one in arrivals)
    assert await take_together(inbox, [*arrivals, arrivals[1]])
    assert await take_together(inbox, arrivals)
    kept = await feed(gateway.db)
    assert [row.event for row in kept] == sent
    assert [row.position for row in kept] == [before + n for n in range(1, 5)]
    assert await head(gateway.db) == before + 4


async def test_one_event_that_cannot_be_kept_leaves_no_gap_and_the_others_follow_each_other(gateway: GatewayUnderTest):
    before = await head(gateway.db)
    # the database's JSON has no null character
    sent = [event(), event(note="\0"), event()]
    inbox = Inbox(gateway.db, CONSUMERS)
    arrivals = [arrival(one) for one in sent]
    assert not await take_together(inbox, arrivals)
    assert await head(gateway.db) == before
    assert await feed(gateway.db) == []
    outcomes = [(await inbox.take(one)).outcome for one in arrivals]
    assert outcomes == [Outcome.APPLIED, Outcome.FAILED, Outcome.APPLIED]
    assert [row.position for row in await feed(gateway.db)] == [before + 1, before + 2]


async def test_no_reader_overtakes_batches_and_single_events_that_arrive_at_once(gateway: GatewayUnderTest):
    inbox = Inbox(gateway.db, CONSUMERS)
    seen: list[int] = []
    last = await head(gateway.db) + 4 * 5 * 8 + 40

    async def read() -> None:
        position = last - 200
        while position < last:
            async with gateway.db.transaction(machine("gateway")) as tx:
                new = text("select position from feed_events where position > :p order by 1")
                seen.extend((await tx.execute(new, {"p": position})).scalars())
            position = seen[-1] if seen else position

    async def together() -> None:
        for _ in range(5):
            assert await take_together(inbox, [arrival(event()) for _ in range(8)])

    async def alone() -> None:
        for _ in range(40):
            assert (await inbox.take(arrival(event()))).outcome is Outcome.APPLIED

    async with asyncio.timeout(60):
        await asyncio.gather(read(), alone(), *(together() for _ in range(4)))
    assert seen == list(range(last - 199, last + 1))
