"""Outboxes, streams, inboxes and the customers' timeline, event by event."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from embedded.check.invariants import Found, Invariant, sql
from embedded.check.personal import unmasked
from embedded.check.stores import DEPLOYABLES, SERVICES, Stores
from embedded.check.subscriptions import OFF_THE_TIMELINE, consumers_of
from shared.streams import STREAMS, stream_of

_MARGIN = timedelta(days=2)
"""The server's clock and the moved one of the processes may differ that much."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT")


def _young(one: Mapping[str, Any], now: datetime) -> bool:
    age = STREAMS[stream_of(one["subject"])]
    return age == 0 or now - one["sent_at"] < timedelta(seconds=age) - _MARGIN


async def _in_the_stream(stores: Stores) -> Found:
    """By event id: the same event may lie there twice, under message ids of its own, and counts once."""
    there = {(one.stream, one.event.get("id")) for one in stores.messages}
    found = Found()
    for event_id, one in (await stores.events()).items():
        if one["sent_at"] is None or not _young(one, stores.now):
            continue
        found.rows += 1
        if (stream_of(one["subject"]), event_id) not in there:
            found.differences.append(f"{one['subject']} {event_id} is not in the stream")
    return found


async def _known_to_an_outbox(stores: Stores) -> Found:
    known = await stores.events()
    found = Found(rows=len(stores.messages))
    for one in stores.messages:
        row = known.get(str(one.event.get("id")))
        place = f"{one.stream} {one.sequence}: event {one.event.get('id')}"
        if row is None:
            found.differences.append(f"{place} is in no outbox")
        elif row["event"] != one.event or stream_of(row["subject"]) != one.stream:
            found.differences.append(f"{place} differs from the outbox")
    return found


async def _taken_once(stores: Stores) -> Found:
    """An inbox row, or a dead letter that waits; a letter that was applied later has its inbox row as well."""
    events = await stores.events()
    found = Found()
    for service in SERVICES:
        rows = await stores.rows(service, "select event_id::text as id, consumer from inbox")
        letters = await stores.rows(service, "select event_id::text as id from dead_letters where redriven_at is null")
        taken = Counter(row["id"] for row in rows) + Counter(row["id"] for row in letters)
        strangers = {row["consumer"] for row in rows} - {service}
        found.differences += [f"{service}: the inbox speaks of {one}" for one in sorted(strangers)]
        for event_id, one in events.items():
            if service not in consumers_of(one["subject"]):
                continue
            found.rows += 1
            if one["sent_at"] is not None and taken[event_id] != 1:
                found.differences.append(f"{service}: {one['subject']} {event_id} was taken {taken[event_id]} times")
    return found


async def _on_the_timeline(stores: Stores) -> Found:
    entries = {
        row["event"]: row
        for row in await stores.rows("crm", "select event_id::text as event, * from timeline_entries")
    }  # fmt: skip
    waiting = {row["id"] for row in await stores.rows("crm", "select event_id::text as id from waiting_entries")}
    heard = {row["id"] for row in await stores.rows("crm", "select event_id::text as id from inbox")}
    merged = {
        row["id"]: row["merged_into"] for row in await stores.rows("crm", "select id, merged_into from customers")
    }
    found = Found()
    for event_id, one in (await stores.events()).items():
        if event_id not in heard or "crm" not in consumers_of(one["subject"]) or _left_out(one["subject"]):
            continue
        found.rows += 1
        if (event_id in entries) + (event_id in waiting) != 1:
            found.differences.append(f"{one['subject']} {event_id} does not stand once on the timeline")
        elif event_id in entries:
            found.differences += _told_alike(one, entries[event_id], merged)
    return found


def _left_out(subject: str) -> bool:
    return subject in OFF_THE_TIMELINE or subject.startswith("organisation.")


def _told_alike(one: Mapping[str, Any], entry: asyncpg.Record, merged: Mapping[Any, Any]) -> Iterator[str]:
    data, name = one["event"]["data"], f"{one['subject']} {entry['id']}"
    instants = [one["event"]["time"], *(each for each in data.values() if _is_instant(each))]
    if entry["occurred_at"] not in {datetime.fromisoformat(each) for each in instants}:
        days = {str(each) for key, each in data.items() if key.endswith("_on")}
        if str((entry["occurred_at"] + timedelta(hours=8)).date()) not in days:
            yield f"{name} stands at another time"
    for key, amount in json.loads(entry["amounts"]).items():
        if data.get(key) != amount:
            yield f"{name} stands with another {key}"
    customer, told = entry["customer_id"], data.get("customer_id")
    if merged.get(customer, "unknown") is not None:
        yield f"{name} stands under a customer who is merged or unknown"
    if told is not None and str(customer) != told and not _leads_to(told, customer, merged):
        yield f"{name} stands under another customer"


def _is_instant(value: Any) -> bool:
    return isinstance(value, str) and bool(_INSTANT.match(value))


def _leads_to(told: str, customer: Any, merged: Mapping[Any, Any]) -> bool:
    """Whether the customer that the event names was merged, over however many steps, into this one."""
    by_text = {str(key): value for key, value in merged.items()}
    seen: set[str] = set()
    while told not in seen and by_text.get(told) is not None:
        seen.add(told)
        told = str(by_text[told])
    return told == str(customer)


async def _nothing_personal(stores: Stores) -> Found:
    found = Found()
    for event_id, one in (await stores.events()).items():
        found.rows += 1
        found.differences += [f"{one['subject']} {event_id}: {kind}" for kind in sorted(unmasked(one["event"]["data"]))]
    return found


_NUMBERED = """
    select format('record %s: %s events, numbered %s to %s', record_id, count(*), min(record_version),
        max(record_version))
    from outbox group by record_id
    having min(record_version) <> 1 or max(record_version) <> count(*)
        or count(distinct record_version) <> count(*)
    union all
    select format('event %s: its envelope and its row differ', event_id) from outbox
    where (event->>'recordversion')::int <> record_version or (event->>'subject')::uuid <> record_id
        or (event->>'id')::uuid <> event_id or event->>'orgpath' <> org_path"""

INVARIANTS = (
    Invariant("I2", "every event that was sent is in its stream", (_in_the_stream,)),
    Invariant("I3", "every event in a stream is one of an outbox, word for word", (_known_to_an_outbox,)),
    Invariant("I5", "every event was taken exactly once by each service that listens to it", (_taken_once,)),
    Invariant("I6", "every event stands once under the customer whom it concerns", (_on_the_timeline,)),
    Invariant(
        "I7", "the events of a record are numbered from 1 without gap",
        (sql(DEPLOYABLES, "select count(*) from outbox", _NUMBERED),),
    ),
    Invariant("I8", "no event carries an identity number, a phone or an account", (_nothing_personal,)),
)  # fmt: skip
