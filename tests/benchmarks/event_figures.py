"""Figure 3: events from the outbox of one service to their effect in another, and how long that takes.

The way is the whole one: outbox row → relay (claims worker) → stream → consumer (crm worker) → effect and inbox row in
one transaction. Both moments are read from the one PostgreSQL's clock: `created_at` of the outbox row, and
`received_at` of the inbox row, which is the start of the transaction that has the effect.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import uvloop
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from embedded.screen import step
from services.crm.consumers import CONSUMERS
from shared.consuming import LANES
from tests.benchmarks import bare
from tests.benchmarks.load import closed_loop, open_loop
from tests.benchmarks.request_figures import Caller
from tests.benchmarks.stage import Stage

RELAY, EFFECT = "claims worker", "crm worker"
_HEARD = sorted({one.subject for one in CONSUMERS if one.subject.startswith("claims.")})
_OUTBOX = "select event_id, created_at from outbox where id > $1 and subject = any($2)"
_LAST = "select coalesce(max(id), 0) as id from outbox"
_INBOX = "select event_id, received_at from inbox where received_at >= $1"


@dataclass(frozen=True)
class Drained:
    """A backlog of events that had their effect: from the first effect to the last one."""

    events: int
    per_second: float


@dataclass(frozen=True)
class Inserted:
    """The base line: rows inserted and committed one by one over as many connections as the consumer has lanes."""

    per_second: float


@dataclass(frozen=True)
class Delays:
    """From the commit to the effect while reports come at a steady rate, in milliseconds."""

    per_second: float
    values_ms: Sequence[float]
    not_served: int


@dataclass(frozen=True)
class EventFigures:
    drained: list[Drained]
    inserted: list[Inserted]
    delays: Delays


def run(made: Stage, caller: Caller, *, rounds: int, backlog: int, rate: float, seconds: float) -> EventFigures:
    """Backlogs and bare inserts take turns; the first backlog, what the other figures left, only warms up."""
    drained: list[Drained] = []
    inserted: list[Inserted] = []
    made.start(EFFECT)
    with step("events of the figures before"):
        made.start(RELAY)
        _until_applied(made, 0)
        made.stop(RELAY)
    for number in range(1, rounds + 1):
        caller.sign_in()
        with step(f"events, round {number} of {rounds}") as told:
            last = made.fetch("anlan_claims", _LAST)[0]["id"]
            uvloop.run(closed_loop(made.port("gateway API"), caller.report, seconds=10, most=backlog))
            drained.append(_drain(made, last))
            inserted.append(_insert(made))
            told.append(f"{drained[-1].per_second:.0f} events/s, {inserted[-1].per_second:.0f} bare inserts/s")
    with step(f"delay at {rate:g} reports/s"):
        caller.sign_in()
        made.start(RELAY)
        delays = _delays(made, caller, rate, seconds)
    made.stop(RELAY, EFFECT)
    return EventFigures(drained, inserted, delays)


def _drain(made: Stage, last: int) -> Drained:
    """Let the relay loose on everything after outbox row `last`."""
    made.start(RELAY)
    moments = sorted(effect for _, effect in _until_applied(made, last).values())
    made.stop(RELAY)
    return Drained(len(moments), (len(moments) - 1) / (moments[-1] - moments[0]).total_seconds())


def _until_applied(made: Stage, last: int) -> dict[UUID, tuple[datetime, datetime]]:
    """Each event after outbox row `last` that crm listens to: when it came to be and when it had its effect."""
    wanted = {row["event_id"]: row["created_at"] for row in made.fetch("anlan_claims", _OUTBOX, last, _HEARD)}
    since = min(wanted.values())
    found: dict[UUID, tuple[datetime, datetime]] = {}

    def all_there() -> bool:
        for row in made.fetch("anlan_crm", _INBOX, since):
            if row["event_id"] in wanted:
                found[row["event_id"]] = (wanted[row["event_id"]], row["received_at"])
        return len(found) == len(wanted)

    made.wait_for(f"{len(wanted)} events in crm", all_there, every_s=0.5)
    return found


def _insert(made: Stage, seconds: float = 2.0) -> Inserted:
    async def insert() -> float:
        engine = create_async_engine(made.bare_url(), pool_size=LANES, max_overflow=0)
        began, done = time.perf_counter(), 0

        async def lane() -> None:
            nonlocal done
            while time.perf_counter() - began < seconds:
                async with AsyncSession(engine) as session:
                    session.add(bare.Report(**_ROW))
                    await session.commit()
                done += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(LANES):
                group.create_task(lane())
        took = time.perf_counter() - began
        await engine.dispose()
        return done / took

    return Inserted(uvloop.run(insert()))


_ROW = {
    "channel": "phone", "reporter": {"name": "王建国", "phone": "13800000000"}, "injured": [{"name": "李明"}],
    "loss_at": datetime.fromisoformat("2026-01-01T08:00:00+08:00"), "injured_count": 1, "death_count": 0,
    "description": "操作工右手被卷入设备,已送医治疗,现场已停机保护。" * 2,
}  # fmt: skip


def _delays(made: Stage, caller: Caller, rate: float, seconds: float) -> Delays:
    last = made.fetch("anlan_claims", _LAST)[0]["id"]
    served = uvloop.run(open_loop(made.port("gateway API"), caller.report, per_second=rate, seconds=seconds))
    applied = _until_applied(made, last).values()
    values = sorted((effect - begun).total_seconds() * 1000 for begun, effect in applied)
    return Delays(rate, values, served.not_served)
