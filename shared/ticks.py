"""Due work: what must happen because time has passed, exactly once, also after a time without anybody to do it.

A rule looks for what is due by the transaction's instant and claims each piece under (rule, subject, due day, stage) in
the transaction of its effect; the claim's key makes a second effect impossible, whoever runs. One process per database
runs the ticks. After a downtime the rules find everything that became due meanwhile, with its original due day.

    async def due_soon(tx, limit):      select … where due_on <= … and unclaimed("inspection_due", Inspection.id, …)
    async def announce(tx, item):       if await claim(tx, "inspection_due", item.id, item.due_on): tx.publish(…)
    TICKS = (Tick("inspection_due", timedelta(minutes=1), one_by_one(due_soon, announce)),)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import structlog
from prometheus_client import Counter
from sqlalchemy import Column, Date, DateTime, Table, Text, Uuid, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from shared import clock
from shared.actor import machine
from shared.crashpoints import crashpoint
from shared.kernel import kernel
from shared.leadership import give_way, lead, name_of

if TYPE_CHECKING:
    from shared.database import Database, Transaction

log = structlog.get_logger()

BATCH = 200
_LOOK_S = 1.0
_MAX_ROUNDS = 1_000

DONE = Counter("anlan_due_items_total", "Due items done", ["service", "rule"])
FAILED = Counter("anlan_due_failures_total", "Due items or rules that failed and are tried again", ["service", "rule"])

tick_claims = Table(
    "tick_claims",
    kernel,
    Column("rule", Text, primary_key=True),
    Column("subject_id", Uuid, primary_key=True),
    Column("due_on", Date, primary_key=True),
    Column("stage", Text, primary_key=True),
    Column("claimed_at", DateTime(timezone=True), nullable=False),
)

Item = TypeVar("Item")
Function = Callable[["Database", int], Awaitable[int]]
"""Does up to so many due items and answers how many it did; 0 ends the pass."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A rule and how often it looks. `every` is time of the machine; what is due is judged by the movable clock."""

    name: str
    every: timedelta
    function: Function


def unclaimed(rule: str, subject_id: Any, due_on: Any, stage: Any = "") -> Any:
    """The condition that nobody has done this piece yet, for the query of a rule; columns or values."""
    taken = select(literal(1)).select_from(tick_claims)
    taken = taken.where(
        tick_claims.c.rule == rule,
        tick_claims.c.subject_id == subject_id,
        tick_claims.c.due_on == due_on,
        tick_claims.c.stage == stage,
    )
    return ~taken.exists()


async def claim(tx: Transaction, rule: str, subject_id: UUID, due_on: date, stage: str = "") -> bool:
    """Take this piece of due work for this transaction; False if somebody did it before.

    Two at once: the second waits for the first to commit (False) or roll back (True).
    """
    mine = upsert(tick_claims).values(rule=rule, subject_id=subject_id, due_on=due_on, stage=stage, claimed_at=tx.now)
    taken = await tx.scalar(mine.on_conflict_do_nothing().returning(tick_claims.c.subject_id))
    return taken is not None


def one_by_one(
    due: Callable[[Transaction, int], Awaitable[Sequence[Item]]], act: Callable[[Transaction, Item], Awaitable[Any]]
) -> Function:
    """A tick's function from a query and an act: every item in a transaction of its own.

    `due(tx, limit)`: at most `limit` items that are due at `tx.now` and not done, oldest first; items are hashable and
    `act` makes them stop being due (by its claim, or by the state it changes). An item that fails is passed over until
    the next pass, so one broken record never holds up the others.
    """

    async def run(database: Database, limit: int) -> int:
        actor, done, passed = machine(database.service), 0, set[Item]()
        while done < limit:
            async with database.transaction(actor) as tx:
                found = await due(tx, limit + len(passed))
            items = [item for item in found if item not in passed][: limit - done]
            if not items:
                break
            for item in items:
                passed.add(item)
                try:
                    async with database.transaction(actor) as tx:
                        await act(tx, item)
                        crashpoint("ticks.before_commit")
                    crashpoint("ticks.after_commit")
                    done += 1
                except Exception as failure:
                    rule = getattr(act, "__qualname__", "act")
                    FAILED.labels(database.service, rule).inc()
                    log.error("due_item_failed", service=database.service, rule=rule, fault=name_of(failure))
        return done

    return run


async def run_once(database: Database, tick: Tick, *, batch: int = BATCH) -> int:
    """One pass of a rule: everything that is due now, in bounded batches; answers how much was done."""
    total = 0
    for _ in range(_MAX_ROUNDS):
        done = await tick.function(database, batch)
        DONE.labels(database.service, tick.name).inc(done)
        total += done
        if done == 0:
            break
    return total


class Scheduler:
    """Runs a service's ticks while this process leads. `run()` in the worker; `run_once` for one rule in a test."""

    def __init__(self, database: Database, ticks: Sequence[Tick]) -> None:
        names = [tick.name for tick in ticks]
        if len(set(names)) != len(names):
            raise ValueError(f"two ticks of one name: {sorted(names)}")
        self.database = database
        self.ticks = tuple(ticks)

    async def run(self) -> None:
        """Tick for ever. Ends only by cancellation."""
        await lead(self.database, "ticks", self._work)

    async def pass_all(self) -> int:
        """Every rule once, now; a rule that fails does not keep the others from their turn."""
        return sum([await self._pass(tick) for tick in self.ticks])

    async def _work(self) -> None:
        """All at the start (catch-up), then each in its own interval, and all when the movable clock was moved."""
        loop = asyncio.get_running_loop()
        next_at = dict.fromkeys((tick.name for tick in self.ticks), loop.time())
        shown = clock.shift()
        while True:
            give_way()
            if (moved := clock.shift()) != shown:
                shown = moved
                next_at = dict.fromkeys(next_at, loop.time())
            for tick in self.ticks:
                if loop.time() >= next_at[tick.name]:
                    await self._pass(tick)
                    next_at[tick.name] = loop.time() + tick.every.total_seconds()
            await asyncio.sleep(_LOOK_S)

    async def _pass(self, tick: Tick) -> int:
        try:
            done = await run_once(self.database, tick)
        except Exception as failure:
            FAILED.labels(self.database.service, tick.name).inc()
            log.error("tick_failed", service=self.database.service, rule=tick.name, fault=name_of(failure))
            return 0
        if done:
            log.info("tick", service=self.database.service, rule=tick.name, done=done)
        return done
