"""The lives of records and their times: states, mirrors of the core system, due days, legal periods, time stamps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from embedded.check.invariants import Found, Invariant, sql
from embedded.check.stores import DEPLOYABLES, Stores
from embedded.check.subscriptions import lifecycles

_STEPS = 3
"""One act may take so many turns at once: papers that are all in make a registered claim complete in one."""
_LONGEST_TRANSACTION = "60 seconds"


async def _walks(stores: Stores) -> Found:
    found = Found()
    for life in lifecycles():
        rows = await stores.rows(life["database"], f"select id, {life['column']} as state from {life['table']}")  # noqa: S608
        found.rows += len(rows)
        steps = await _history(stores, life)
        for row in rows:
            name = f"{life['record_type']} {row['id']}"
            if row["state"] not in life["next"]:
                found.differences.append(f"{name}: there is no state {row['state']}")
            else:
                found.differences += [f"{name}: {one}" for one in _broken(steps.get(row["id"], ()), row["state"], life)]
    return found


async def _history(stores: Stores, life: Mapping[str, Any]) -> Mapping[Any, list[tuple[str | None, str]]]:
    """Record → what its history says of its state, step by step: before (where it says so) and after."""
    query = """select record_id, before->>'status' as before, after->>'status' as after from history
        where record_type = $1 and after->>'status' is not null order by id"""
    found: dict[Any, list[tuple[str | None, str]]] = {}
    for row in await stores.rows(life["database"], query, life["record_type"]):
        found.setdefault(row["record_id"], []).append((row["before"], row["after"]))
    return found


def _broken(steps: Sequence[tuple[str | None, str]], state: str, life: Mapping[str, Any]) -> Iterator[str]:
    known: str | None = None
    for before, after in steps:
        if known is not None and before is not None and before != known:
            yield f"{before} follows {known} without a step"
        begun = before or known
        if begun is not None and after not in _within(begun, life["next"]):
            yield f"{begun} does not lead to {after}"
        known = after
    if known is not None and known != state:
        yield f"it is {state}, its history ends with {known}"


def _within(state: str, follows: Mapping[str, Sequence[str]]) -> set[str]:
    """Where a record can be after one act that began in `state`."""
    found, last = {state}, {state}
    for _ in range(_STEPS):
        last = {after for one in last for after in follows.get(one, ())}
        found |= last
    return found


_NEWEST = """
    select format('policy %s stands at %s, its newest version is %s',
        held.policy_no, held.policy_version, newest.number)
    from policies held left join lateral (
        select * from policy_versions made where made.policy_id = held.id order by number desc limit 1
    ) newest on true
    where (held.policy_version, held.starts_at, held.ends_at, held.ended_at, held.premium, held.insured_count,
            held.cover, held.stated_status)
        is distinct from (newest.number, newest.starts_at, newest.ends_at, newest.ended_at, newest.premium,
            newest.insured_count, newest.cover, newest.status)"""
_NEWEST_CUSTOMER = """
    select format('customer %s stands at %s, the newest version is %s',
        held.id, held.core_version, max(made.core_version))
    from customers held join customer_versions made on made.customer_id = held.id
    group by held.id having held.core_version <> max(made.core_version)"""

_DUE_ONCE = """
    with told as (
        select event->'data'->>'inspection_id' as id, (event->'data'->>'due_on')::date as due_on,
            event->'data'->>'stage' as stage, count(*) as n,
            min((event->>'time')::timestamptz at time zone 'Asia/Shanghai')::date as on_day
        from outbox where subject = 'risk.inspection.due.v1' group by 1, 2, 3
    ), claimed as (
        select subject_id::text as id, due_on, stage, 1 as n from tick_claims where rule = 'inspection_due'
    )
    select format('inspection %s, %s of %s: %s claimed, %s told', coalesce(told.id, claimed.id),
        coalesce(told.stage, claimed.stage), coalesce(told.due_on, claimed.due_on), coalesce(claimed.n, 0),
        coalesce(told.n, 0))
    from told full join claimed using (id, due_on, stage) where told.n is distinct from claimed.n
    union all
    select format('inspection %s was told %s of %s on %s', id, stage, due_on, on_day) from told
    where on_day < case stage when 'overdue' then due_on + 1 when 't_0' then due_on else due_on - (
        select coalesce(max((content->'inspection'->>'due_notice_days')::int), 15) from rule_sets
        where name = 'thresholds') end"""

_CLOCKS = """
    select format('complaint %s: due %s, legally %s, ends %s', complaint_no, due_on, due_legal_on, due_at)
    from complaints
    where due_legal_on < due_on or (deadline->>'due_on')::date <> due_on
        or (deadline->>'due_legal_on')::date <> due_legal_on
        or due_at <> (due_legal_on + 1)::timestamp at time zone 'Asia/Shanghai'
    union all
    select format('complaint %s is handled by somebody it is about', complaint_no) from complaints
    where named_persons ? officer_person_id::text
    union all
    select format('complaint %s is handled by whoever worked on its claim', complaint.complaint_no)
    from complaints complaint join claim_duties held
        on held.claim_id = complaint.claim_id and held.person_id = complaint.officer_person_id"""


async def _periods(stores: Stores) -> Found:
    """Days counted from the start, as the row of the registry says that bound the complaint when it was received."""
    registry = [
        row
        for one in await stores.rows("complaints", "select content from rule_sets where name = 'deadlines'")
        for row in json.loads(one["content"]).get("rows", [])
        if row.get("unit") == "days"
    ]
    query = "select complaint_no, rule, started_on, received_at, due_on, deadline, pauses from complaints"
    found = Found()
    for row in await stores.rows("complaints", query):
        wanted = _length(registry, json.loads(row["deadline"])["id"], row["rule"], str(row["received_at"].date()))
        if wanted is None:
            continue
        found.rows += 1
        paused = sum(_days(one) for one in json.loads(row["pauses"]))
        if not wanted <= (row["due_on"] - row["started_on"]).days <= wanted + max(paused, 0):
            span = f"{row['started_on']} to {row['due_on']}, {wanted} days and {paused} paused"
            found.differences.append(f"complaint {row['complaint_no']}: {span}")
    return found


def _length(registry: Sequence[Mapping[str, Any]], name: str, rule: str, day: str) -> int | None:
    for row in registry:
        begins, ends = str(row.get("effective_from", "")), str(row.get("effective_to") or "9999")
        if (row["id"], row.get("rule")) == (name, rule) and begins <= day <= ends:
            before = _length(registry, row["extends"], rule, day) if row.get("extends") else 0
            return None if before is None else row["length"] + before
    return None


def _days(pause: Mapping[str, Any]) -> int:
    begin, end = pause.get("from"), pause.get("to")
    return (date.fromisoformat(end) - date.fromisoformat(begin)).days + 1 if begin and end else 10_000


async def _stamps(stores: Stores) -> Found:
    """Changed after it was made; no time without its zone; a chain's entries in the order of their transactions."""
    found = Found()
    columns = """select table_name, array_agg(column_name::text) as names,
        bool_or(data_type = 'timestamp without time zone') as zoneless
        from information_schema.columns where table_schema = 'public' group by 1"""
    for database in DEPLOYABLES:
        for row in await stores.rows(database, columns):
            table = row["table_name"]
            if row["zoneless"]:
                found.differences.append(f"{database}: {table} has a time without zone")
            if {"created_at", "updated_at"} <= set(row["names"]):
                found.rows += await stores.value(database, f'select count(*) from "{table}"')  # noqa: S608
                query = f'select count(*) from "{table}" where updated_at < created_at'  # noqa: S608
                late = await stores.value(database, query)
                found.differences += (
                    [f"{database}: {late} rows of {table} changed before they were made"] if late else []
                )
        found.differences += [] if stores.clock_was_moved else await _backwards(stores, database)
    return found


async def _backwards(stores: Stores, database: str) -> list[str]:
    query = f"""select chain, n from (select chain, n, at, lag(at) over (partition by chain order by n) as before
        from audit_entries) entry where at < before - interval '{_LONGEST_TRANSACTION}' limit 20"""  # noqa: S608
    return [
        f"{database}: entry {row['n']} of {row['chain']} goes back in time"
        for row in await stores.rows(database, query)
    ]


INVARIANTS = (
    Invariant("I21", "every record is in a state of its life and has walked there", (_walks,)),
    Invariant(
        "I23", "what mirrors the core system is the newest version that came in",
        (
            sql("policy", "select count(*) from policies", _NEWEST),
            sql("crm", "select count(*) from customer_versions", _NEWEST_CUSTOMER),
        ),
    ),
    Invariant(
        "I24", "each stage of a due day is told once and never early",
        (sql("risk", "select count(*) from tick_claims where rule = 'inspection_due'", _DUE_ONCE),),
    ),
    Invariant(
        "I25", "a complaint's period is the legal one, and nobody handles what concerns him",
        (sql("complaints", "select count(*) from complaints", _CLOCKS), _periods),
    ),
    Invariant("I26", "nothing changed before it was made, and every time has its zone", (_stamps,)),
)  # fmt: skip
