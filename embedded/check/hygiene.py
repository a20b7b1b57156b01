"""What must not be left lying: open transactions, consumers of nobody, events without a record of them."""

from __future__ import annotations

from collections.abc import Mapping

from embedded.check.invariants import Found, Invariant, sql
from embedded.check.stores import DEPLOYABLES, SERVICES, Stores
from embedded.check.subscriptions import subscriptions
from shared.streams import stream_of

FEED = "gateway"
"""Listens to every stream for its feed, and has no effect of its own on a record."""


async def _idle(stores: Stores) -> Found:
    query = """select usename, state, extract(epoch from clock_timestamp() - state_change)::float8 as seconds
        from pg_stat_activity
        where datname = current_database() and usename like 'anlan%' and usename <> session_user"""
    found = Found()
    for database in DEPLOYABLES:
        for row in await stores.rows(database, query):
            found.rows += 1
            if (row["state"] or "").startswith("idle in transaction") and row["seconds"] >= stores.idle_s:
                found.differences.append(
                    f"{database}: {row['usename']} idles in a transaction for {row['seconds']:.0f} s"
                )
    return found


def expected_durables() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """(stream, service) → the families of subjects that its durable asks for."""
    found: dict[tuple[str, str], set[str]] = {}
    for service, subjects in subscriptions().items():
        for subject in subjects:
            found.setdefault((stream_of(subject), service), set()).add(f"{subject.rpartition('.')[0]}.*")
    return {key: tuple(sorted(families)) for key, families in found.items()}


async def _durables(stores: Stores) -> Found:
    expected, held = expected_durables(), {(one.stream, one.name): one for one in stores.durables}
    found = Found(rows=len(held))
    for stream, name in sorted(expected.keys() | held.keys()):
        one = held.get((stream, name))
        if one is None:
            found.differences.append(f"{name} has no durable on {stream}")
        elif (stream, name) not in expected and name != FEED:
            found.differences.append(f"{stream} keeps a durable {name} that nobody asks for")
        elif name != FEED and one.subjects != expected[stream, name]:
            found.differences.append(f"the durable {name} on {stream} asks for other subjects")
        elif one.waiting or one.unacknowledged:
            found.differences.append(f"{name} on {stream}: {one.waiting} wait, {one.unacknowledged} unacknowledged")
    return found


_COUNTED = """
    select format('record %s: %s events counted, %s kept', coalesce(counted.record_id, kept.record_id),
        coalesce(counted.last, 0), coalesce(kept.n, 0))
    from event_counters counted
    full join (select record_id, count(*) as n from outbox group by 1) kept using (record_id)
    where counted.last is distinct from kept.n"""


async def _replayable(stores: Stores) -> Found:
    """An inbox row lives as long as its event can be replayed, and not longer."""
    events = await stores.events()
    found = Found()
    for service in SERVICES:
        for row in await stores.rows(service, "select event_id::text as id from inbox"):
            found.rows += 1
            if row["id"] not in events:
                found.differences.append(f"{service}: the inbox knows an event {row['id']} that no outbox has")
    return found


INVARIANTS = (
    Invariant("I37", "no session idles in a transaction", (_idle,)),
    Invariant("I38", "every durable is somebody's, and has nothing left to do", (_durables,)),
    Invariant(
        "I40", "no event is forgotten while its record or a copy of it lives",
        (sql(DEPLOYABLES, "select count(*) from event_counters", _COUNTED), _replayable),
    ),
)  # fmt: skip
