"""One comparison of all stores of a running system: who reads, when, and what is said of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from embedded.check.catalogue import INVARIANTS
from embedded.check.invariants import Judged, judge
from embedded.check.quiescence import until_quiet
from embedded.check.roles import ROLE, admit
from embedded.check.stores import DEPLOYABLES, Stores, shift_of, snapshots
from embedded.check.streams import durables_of, messages_of, stream_states
from embedded.databases import database_of
from embedded.engines.nats_config import BOOTSTRAP
from embedded.home import HOST, Home
from embedded.screen import say


@dataclass(frozen=True)
class Comparison:
    """What was found. `busy`: what was still on its way; then nothing was judged."""

    busy: tuple[str, ...]
    judged: tuple[Judged, ...]

    @property
    def differing(self) -> list[Judged]:
        return [one for one in self.judged if not one.holds]

    @property
    def unseen(self) -> list[Judged]:
        """Invariants that nothing speaks against because there was nothing to look at."""
        return [one for one in self.judged if one.holds and not one.seen]

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.judged)

    @property
    def well(self) -> bool:
        """Quiet, without a difference, and not blind: somewhere there was something to see."""
        return not self.busy and not self.differing and any(one.seen for one in self.judged)


def compare() -> int:
    """Compare all stores of the running system and print a line for each invariant; the exit code of the command."""
    home = Home.chosen()
    if not home.state_file.exists():
        say("Anlan is not running here; start it with: make run")
        return 1
    running = json.loads(home.state_file.read_text(encoding="utf-8"))
    found = asyncio.run(look_at(home, running))
    for line in report_of(found):
        say(line)
    return 0 if found.well else 1


def report_of(found: Comparison) -> list[str]:
    """The lines of a report, the last of them its sum."""
    if found.busy:
        return ["not quiescent, nothing was judged:", *(f"       - {one}" for one in found.busy)]
    lines = [line for one in found.judged for line in one.lines()]
    seen = len(found.judged) - len(found.unseen)
    told = f"{len(found.judged)} invariants, {seen} with something to look at, {found.rows} rows"
    unseen = f"; nothing to check for {', '.join(one.invariant.id for one in found.unseen)}" if found.unseen else ""
    return [*lines, f"{told}, {len(found.differing)} differ{unseen}"]


async def look_at(home: Home, running: Mapping[str, Any], *, patience_s: float = 60.0) -> Comparison:
    """Wait until nothing is on its way, then judge every invariant.

    The stores are read one after the other while ticks go on: what differs is looked at once more, and only what
    differs twice is told.
    """
    dsns = await _admitted(home, running["postgres_port"])
    monitor = running["nats_monitor_url"]
    for last in (False, True):
        busy = await until_quiet(dsns, lambda: durables_of(stream_states(monitor)), patience_s)
        if busy:
            return Comparison(tuple(busy), ())
        found = await _judged(home, running, dsns)
        if last or not found.differing:
            return found
    raise AssertionError("unreachable")


async def _admitted(home: Home, port: int) -> dict[str, str]:
    """Deployable → address for the checker's own role, which is made where it is missing."""
    cluster = home.postgres()
    cluster.port = port
    password = home.password(ROLE)
    await admit(cluster.dsn, map(database_of, DEPLOYABLES), password)
    return {name: f"postgresql://{ROLE}:{password}@{HOST}:{port}/{database_of(name)}" for name in DEPLOYABLES}


async def _judged(home: Home, running: Mapping[str, Any], dsns: Mapping[str, str]) -> Comparison:
    seed = home.nats().seed_file(BOOTSTRAP).read_text(encoding="ascii")
    async with snapshots(dsns) as databases:
        states = await asyncio.to_thread(stream_states, running["nats_monitor_url"])
        stores = Stores(
            databases=databases,
            messages=await messages_of(running["nats_url"], seed, states),
            durables=durables_of(states),
            attachments={name: home.attachments(name) / name for name in DEPLOYABLES},
            now=cast(datetime, await databases["gateway"].fetchval("select now()")) + shift_of(home.clock_file),
            logs=home.logs,
            clock_was_moved=_clock_was_moved(home),
        )
        return Comparison((), tuple([await judge(one, stores) for one in INVARIANTS]))


def _clock_was_moved(home: Home) -> bool:
    """Whether somebody wrote the clock file after the cluster was made: then audit times may go back."""
    made = home.postgres().data / "PG_VERSION"
    return not made.exists() or home.clock_file.stat().st_mtime > made.stat().st_mtime
