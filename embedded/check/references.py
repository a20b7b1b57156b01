"""What one store says of another's records: they exist, are the same, and are nobody's who was merged away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from embedded.check.invariants import Found, Invariant, Look
from embedded.check.stores import SERVICES, Stores

_CUSTOMER = ("crm", "customers", "id")
_POLICY = ("policy", "policies", "id")
_CLAIM = ("claims", "claims", "id")
_COMPLAINT = ("complaints", "complaints", "id")
_INSPECTION = ("risk", "inspections", "id")

Place = tuple[str, str, str]

ABOUT: Sequence[tuple[str, Place]] = (
    ("policy", _POLICY), ("claim", _CLAIM), ("complaint", _COMPLAINT), ("inspection", _INSPECTION),
)  # fmt: skip


def _about(table: str, kind: str) -> Place:
    """The records of one kind that the rows of a table of crm are about."""
    return "crm", f"(select about_id from {table} where about_kind = '{kind}') named", "about_id"  # noqa: S608


POINTS_TO: Sequence[tuple[Place, Place]] = (
    (("policy", "policies", "customer_id"), _CUSTOMER),
    (("policy", "loss_records", "claim_id"), _CLAIM),
    (("claims", "claims", "customer_id"), _CUSTOMER),
    (("complaints", "complaints", "claim_id"), _CLAIM),
    (("complaints", "complaints", "policy_id"), _POLICY),
    (("complaints", "complaints", "customer_id"), _CUSTOMER),
    (("complaints", "claim_references", "claim_id"), _CLAIM),
    (("complaints", "policy_references", "policy_id"), _POLICY),
    (("complaints", "customer_references", "customer_id"), _CUSTOMER),
    (("risk", "inspections", "policy_id"), _POLICY),
    (("risk", "inspections", "claim_id"), _CLAIM),
    (("risk", "inspections", "customer_id"), _CUSTOMER),
    (("risk", "hazards", "policy_id"), _POLICY),
    (("risk", "hazards", "customer_id"), _CUSTOMER),
    (("risk", "key_risk_files", "customer_id"), _CUSTOMER),
    (("risk", "policies_seen", "policy_id"), _POLICY),
    (("risk", "claims_seen", "claim_id"), _CLAIM),
    (("crm", "policy_references", "policy_id"), _POLICY),
    (("crm", "claim_references", "claim_id"), _CLAIM),
    (("crm", "complaint_references", "complaint_id"), _COMPLAINT),
    *((_about("return_visits", kind), place) for kind, place in ABOUT[:3]),
    *((_about("timeline_entries", kind), place) for kind, place in ABOUT),
)  # fmt: skip

HOLDS_CUSTOMERS: Sequence[tuple[str, str]] = (
    ("policy", "policies"),
    ("claims", "claims"),
    *(("risk", table) for table in ("policies_seen", "claims_seen", "inspection_plans", "inspections", "hazards")),
    *(("risk", table) for table in ("rectification_notices", "contact_logs")),
    ("risk", "(select customer_id from key_risk_files where status <> 'closed') held"),
    *(("complaints", table) for table in ("complaints", "claim_references", "policy_references")),
    *(("crm", table) for table in ("timeline_entries", "return_visits", "findings", "record_references")),
)  # fmt: skip


async def _column(stores: Stores, place: Place) -> list[Any]:
    database, table, column = place
    query = f"select distinct {column} as id from {table} where {column} is not null"  # noqa: S608
    return [row["id"] for row in await stores.rows(database, query)]


async def _exist(stores: Stores) -> Found:
    found, known = Found(), {}
    for origin, target in POINTS_TO:
        if target not in known:
            known[target] = set(await _column(stores, target))
        named = await _column(stores, origin)
        found.rows += len(named)
        lost = [one for one in named if one not in known[target]]
        found.differences += [f"{origin[0]} {origin[1]}.{origin[2]}: {one} is not in {target[0]}" for one in lost]
    return found


async def _cover(stores: Stores) -> Found:
    """Each claim's version of the policy is one that was issued, and each copied version is the issuer's."""
    columns = "effective_at, made_at, starts_at, ends_at, ended_at, cover, insured_count, status"
    made = f"select policy_id, number as n, md5(row({columns})::text) as terms from policy_versions"  # noqa: S608
    copied = f"select policy_id, policy_version as n, md5(row({columns})::text) as terms from cover_versions"  # noqa: S608
    issued = {(row["policy_id"], row["n"]): row["terms"] for row in await stores.rows("policy", made)}
    held = {(row["policy_id"], row["n"]): row["terms"] for row in await stores.rows("claims", copied)}
    found = Found(rows=len(held))
    for key in sorted(issued.keys() | held.keys(), key=str):
        if issued.get(key) != held.get(key):
            how = (
                "is not in claims"
                if key not in held
                else "was never issued"
                if key not in issued
                else "differs in claims"
            )
            found.differences.append(f"policy {key[0]} version {key[1]} {how}")
    query = "select claim_no, policy_id, policy_version from claims where policy_id is not null"
    for row in await stores.rows("claims", query):
        found.rows += 1
        if (row["policy_id"], row["policy_version"]) not in issued:
            found.differences.append(f"claim {row['claim_no']}: its policy {row['policy_id']} was never issued so")
    return found


async def _nobody_merged(stores: Stores) -> Found:
    gone = {row["id"] for row in await stores.rows("crm", "select id from customers where merged_into is not null")}
    found = Found()
    for database, table in HOLDS_CUSTOMERS:
        named = await _column(stores, (database, table, "customer_id"))
        found.rows += len(named)
        found.differences += [f"{database} {table}: {one} was merged away" for one in named if one in gone]
    return found


COPIES: Sequence[tuple[str, str, str, str]] = (
    ("units", "code, org_path as path, level, kind, name, parent_code, area_codes, closed_on from units",
     "code, path, level, kind, name, parent_code, area_codes, closed_on from directory_units", "code"),
    ("people", "id as person_id, staff_no, active, digests from people",
     "person_id, staff_no, active, digests from directory_persons", "person_id"),
    ("appointments",
     "held.id as appointment_id, person_id, staff_no, position, unit_code, held.org_path as path, from_on, to_on"
     " from appointments held join people on people.id = held.person_id",
     "appointment_id, person_id, staff_no, position, unit_code, path, from_on, to_on from directory_appointments",
     "appointment_id"),
    ("authority tables", "table_version as version, effective_from, entries from authority_tables where published",
     "version, effective_from, entries from directory_authority_tables", "version"),
)  # fmt: skip
"""What is copied, the master's rows, the copy's rows, and the key."""


def _copy(name: str, master: str, copy: str, key: str) -> Look:
    async def look(stores: Stores) -> Found:
        found = Found()
        wanted = await _hashed(stores, "gateway", master, key)
        for service in SERVICES:
            held = await _hashed(stores, service, copy, key)
            found.rows += len(held)
            found.differences += [f"{service}: {name} {one} differ" for one in _apart(wanted, held)]
        return found

    return look


async def _hashed(stores: Stores, database: str, selected: str, key: str) -> dict[str, str]:
    query = f"select {key}::text as key, md5(one::text) as hash from (select {selected}) one"  # noqa: S608
    return {row["key"]: row["hash"] for row in await stores.rows(database, query)}


def _apart(wanted: dict[str, str], held: dict[str, str]) -> Iterable[str]:
    return sorted(key for key in wanted.keys() | held.keys() if wanted.get(key) != held.get(key))


async def _rule_sets(stores: Stores) -> Found:
    """Every set that was told is in every service; each has more, which it brought itself."""
    query = """select kind || ' ' || rule_version as key, content_hash, effective_from from rule_set_versions
        where id in (select record_id from outbox where subject = 'organisation.rule_set.published.v1')"""
    published = await stores.rows("gateway", query)
    found = Found()
    for service in SERVICES:
        copied = "select name || ' ' || version as key, content_hash, effective_from from rule_sets"
        held = {row["key"]: tuple(row)[1:] for row in await stores.rows(service, copied)}
        found.rows += len(published)
        found.differences += [
            f"{service}: the rule set {row['key']} differs"
            for row in published
            if held.get(row["key"]) != tuple(row)[1:]
        ]
    return found


_LIES_AT: Sequence[tuple[str, str]] = (
    ("claims", "claims"), ("claims", "payments"), ("policy", "policies"), ("complaints", "complaints"),
    ("risk", "inspections"), ("risk", "hazards"), ("crm", "customers"), ("crm", "return_visits"),
)  # fmt: skip


async def _units(stores: Stores) -> Found:
    """Every record lies at a unit that there is."""
    paths = {row["org_path"] for row in await stores.rows("gateway", "select org_path from units")}
    found = Found()
    for database, table in _LIES_AT:
        for row in await stores.rows(database, f"select org_path, count(*) as n from {table} group by 1"):  # noqa: S608
            found.rows += row["n"]
            if row["org_path"] not in paths:
                found.differences.append(f"{database}: {row['n']} {table} lie at {row['org_path']}")
    return found


INVARIANTS = (
    Invariant("I27", "every version of cover in claims is one that was issued", (_cover,)),
    Invariant("I28", "every record that one service names exists in the other", (_exist,)),
    Invariant("I29", "nothing belongs to a customer who was merged away", (_nobody_merged,)),
    Invariant(
        "I30", "every service's copy of units, people, appointments, limits and rule sets is the gateway's",
        (*(_copy(*one) for one in COPIES), _rule_sets, _units),
    ),
)  # fmt: skip
