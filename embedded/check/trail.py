"""The audit trail: chains that hold, one entry for each change, reveals with their reason, nothing personal in it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import asyncpg

from embedded.check.invariants import Found, Invariant, sql
from embedded.check.personal import identity_numbers, unmasked
from embedded.check.stores import DEPLOYABLES, Stores

_GENESIS = bytes(32)
_COLUMNS = ("action", "object_type", "object_id", "outcome", "person_id", "request_id", "org_path")


async def _chains(stores: Stores) -> Found:
    found = Found()
    for database in DEPLOYABLES:
        heads = {row["chain"]: row for row in await stores.rows(database, "select chain, n, h from audit_heads")}
        ends: dict[str, tuple[int, bytes]] = {}
        async for row in stores.each(database, "select * from audit_entries order by chain, n"):
            found.rows += 1
            n, prev = ends.get(row["chain"], (0, _GENESIS))
            found.differences += [f"{row['chain']} {row['n']}: {fault}" for fault in _faults(row, n, prev, database)]
            ends[row["chain"]] = (row["n"], row["h"])
        for chain in sorted(heads.keys() | ends.keys()):
            head = heads.get(chain)
            if head is None or (head["n"], head["h"]) != ends.get(chain, (0, _GENESIS)):
                found.differences.append(f"{chain}: its head is not its last entry")
    return found


def _faults(row: asyncpg.Record, n: int, prev: bytes, database: str) -> Iterator[str]:
    """What is wrong with an entry that follows number `n` with the hash `prev`."""
    if row["n"] != n + 1 or row["prev"] != prev:
        yield f"does not follow {n}"
    if row["h"] != hashlib.sha256(row["prev"] + row["entry"].encode()).digest():
        yield "was changed"
    told = json.loads(row["entry"])
    for name in _COLUMNS:
        if told[name] != (None if row[name] is None else str(row[name])):
            yield f"its {name} differs from what is signed"
    if abs((datetime.fromisoformat(told["at"]) - row["at"]).total_seconds()) >= 0.001:
        yield "its time differs from what is signed"
    if told["n"] != row["n"] or row["chain"] != f"{database}:{'.'.join(row['org_path'].split('.')[:3])}":
        yield "lies in another place than it was written to"


_WITHOUT_ENTRY = """
    select format('%s %s: %s lines of history, %s entries for %s', noted.record_type, noted.record_id, noted.n,
        coalesce(entry.n, 0), noted.action)
    from (select record_type, record_id, action, request_id, count(*) as n from history group by 1, 2, 3, 4) noted
    left join (
        select object_type, object_id, action, request_id, count(*) as n from audit_entries where outcome = 'done'
        group by 1, 2, 3, 4
    ) entry on (entry.object_type, entry.object_id, entry.action, entry.request_id)
        = (noted.record_type, noted.record_id, noted.action, noted.request_id)
    where entry.n is distinct from noted.n
    union all
    select format('entry %s of %s records a refusal that leaves none: %s', n, chain, entry::jsonb->>'reason')
    from audit_entries where outcome = 'refused' and entry::jsonb->>'reason' in (
        'validation_failed', 'malformed_request', 'version_stale', 'precondition_required', 'rate_limited')"""

_REVEALS = """
    select format('entry %s of %s: a reveal without its reason or record', n, chain) from audit_entries
    where action = 'reveal' and outcome = 'done' and (
        object_id is null or coalesce(entry::jsonb->>'reason', '') = '' or entry::jsonb->>'after' is null
        or coalesce(entry::jsonb->>'unit_code', '') = '')"""

_TEXTS = (
    ("audit_entries", "select chain || ' ' || n as name, entry as text from audit_entries"),
    ("history", "select record_id::text as name, concat_ws(' ', before, after) as text from history"),
    ("dead_letters", "select id::text as name, event::text as text from dead_letters"),
    (
        "work_items",
        "select id::text as name, concat_ws(' ', title_zh, title_en, record_number) as text from work_items",
    ),
    ("attachments", "select id::text as name, file_name as text from attachments"),
)


async def _nothing_personal(stores: Stores) -> Found:
    found = Found()
    for database in DEPLOYABLES:
        for table, query in _TEXTS:
            async for row in stores.each(database, query):
                found.rows += 1
                found.differences += [
                    f"{database} {table} {row['name']}: {kind}" for kind in sorted(unmasked(row["text"]))
                ]
    if stores.logs is not None:
        found.add(await asyncio.to_thread(_logs, stores.logs))
    return found


def _logs(folder: Path) -> Found:
    """Identity numbers alone: time stamps and sizes look like the other ones."""
    found = Found()
    for path in sorted(folder.glob("*.log")):
        with path.open(encoding="utf-8", errors="replace") as lines:
            for n, line in enumerate(lines, start=1):
                found.rows += 1
                if identity_numbers(line):
                    found.differences.append(f"log {path.name}:{n}: an identity number")
    return found


INVARIANTS = (
    Invariant("I31", "every audit chain holds from its first entry to its head", (_chains,)),
    Invariant(
        "I32", "every line of history has its one audit entry, and what leaves none has none",
        (sql(DEPLOYABLES, "select count(*) from history", _WITHOUT_ENTRY),),
    ),
    Invariant(
        "I33", "whoever revealed a masked value said why, of what and from where",
        (sql(DEPLOYABLES, "select count(*) from audit_entries where action = 'reveal'", _REVEALS),),
    ),
    Invariant(
        "I34", "no identity number, phone or account in trails, tasks, file names or logs", (_nothing_personal,)
    ),
)  # fmt: skip
