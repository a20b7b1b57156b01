"""A person of another unit cannot see, count, find, download or change a record: for every route that there is.

Each operation of each service's own document is called by everybody beside the unit who holds its permission, once
about a record that exists and once about one that does not. Nobody can tell the two apart, nothing changes, and each
refused write leaves one entry. The unit's own people find the record by the same calls, so that the test can fail.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from shared.actor import Actor
from tests.support import engines
from tests.support.route_walk import (
    OWN_CHAIN,
    SIBLINGS,
    Kind,
    Operation,
    RouteWorld,
    Rows,
    UnknownRoute,
    insiders,
    operations_of,
    strangers,
    told,
)
from tests.support.route_worlds import world_of
from tests.support.services import running
from tests.support.tokens import actor

SERVICES = ("policy", "claims", "risk", "complaints", "crm")
FLOOR = {"policy": 14, "claims": 110, "risk": 27, "complaints": 21, "crm": 22}
"""So many operations there are at least: a document that lost its routes must not pass."""
NOT_404: dict[str, str] = {}
"""Operations about a record that answer a stranger otherwise than with 404, and why; both ids alike there too."""


@dataclass
class Walk:
    """One service's world, and what was found on the way."""

    world: RouteWorld
    rows: Rows
    operations: list[Operation]
    refused: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    calls: int = 0

    def of(self, *kinds: Kind) -> list[Operation]:
        # a public route knows nobody by his unit: what it wants is a link, and its own test looks at that
        return [one for one in self.operations if one.kind in kinds and one.permission is not None]

    async def call(self, who: Actor, operation: Operation, **options: Any) -> Any:
        self.calls += 1
        answer = await self.world.call(who, operation, **options)
        dry = options.get("query", {}).get("dry_run") == "true"
        if operation.writes and answer.status_code in (403, 404, 409) and not dry:
            self.refused[f"{operation}"] += 1
        return answer

    def expect(self, holds: bool, what: str) -> None:
        if not holds:
            self.faults.append(what)


@pytest.fixture(scope="module", params=SERVICES)
async def made(
    request: pytest.FixtureRequest, clones: engines.Clones, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[RouteWorld, Rows]]:
    """A world for all tests of this file: strangers change nothing in it, which is what they prove."""
    name = request.param
    url = clones.application_url(name)
    await clones.reset(name)
    async with running(name, url, tmp_path_factory.mktemp(name)) as service:
        yield await world_of(service), Rows(clones.superuser_dsn(name))
    await clones.reset(name)


@pytest.fixture
def walk(made: tuple[RouteWorld, Rows]) -> Walk:
    world, rows = made
    return Walk(world, rows, operations_of(world.service.app))


async def test_another_unit_cannot_tell_a_record_from_one_that_does_not_exist(walk: Walk) -> None:
    before, entries = await walk.rows.fingerprints(), await walk.rows.refusals()
    for operation in walk.of(Kind.ITEM):
        for who in strangers(operation):
            await _both_answer_alike(walk, operation, who)
    items = {str(one) for one in walk.of(Kind.ITEM)}
    assert not walk.faults, "\n".join(walk.faults)
    assert items - walk.reached == set(NOT_404) & items
    assert await walk.rows.fingerprints() == before
    written = Counter(await walk.rows.refusals())
    written.subtract(entries)
    assert +written == walk.refused


async def test_the_walk_reports_a_record_that_a_stranger_finds_and_a_route_that_it_does_not_know(walk: Walk) -> None:
    reads = [one for one in walk.of(Kind.ITEM) if one.method == "GET"]
    for operation in reads:
        await _both_answer_alike(walk, operation, next(insiders(operation)))
    assert len(walk.faults) == 2 * len(reads)
    new = replace(reads[0], path="/v1/new-records/{record_id}")
    with pytest.raises(UnknownRoute, match="no record for /v1/new-records"):
        await walk.call(next(insiders(new)), new)


async def _both_answer_alike(walk: Walk, operation: Operation, who: Actor) -> None:
    known = told(await walk.call(who, operation))
    unknown = told(await walk.call(who, operation, unknown=True))
    place = f"{operation} as {who.position} of {who.scope}"
    walk.expect(known == unknown, f"{place}: {known} is not {unknown}")
    walk.expect(known[0] == 404 or str(operation) in NOT_404, f"{place}: {known}")
    if known[0] == unknown[0] == 404:
        walk.reached.add(str(operation))


STALE = 999_999
"""A version that no record has: whoever finds the record is told so and changes nothing."""


async def test_the_units_own_people_find_the_record_by_the_same_calls(walk: Walk) -> None:
    for operation in walk.of(Kind.ITEM):
        who = next(insiders(operation))
        query = {"dry_run": "true"} if operation.method == "POST" else {}
        answer = await walk.call(who, operation, query=query, version=STALE)
        right = answer.status_code == 200 if operation.method == "GET" else answer.status_code not in (401, 403, 404)
        walk.expect(right, f"{operation} as {who.position} of {who.scope}: {answer.status_code} {answer.text[:200]}")
    assert not walk.faults, "\n".join(walk.faults)
    assert len(walk.operations) >= FLOOR[walk.world.service.service]


async def test_another_units_lists_counts_filters_and_searches_are_empty(walk: Walk) -> None:
    before = await walk.rows.fingerprints()
    filters: dict[str, int] = {}
    for operation in walk.of(Kind.LIST):
        items, own = await _own_items(walk, operation)
        probes = await _working_filters(walk, operation, own, items[0])
        filters[str(operation)] = len(probes)
        for who in strangers(operation):
            for query in ({}, *probes):
                page = (await walk.call(who, operation, query=query | COUNTED)).json()
                seen = (page["items"], page["total"], page["next_cursor"])
                walk.expect(seen == ([], 0, None), f"{operation} {query} as {who.position} of {who.scope}: {seen}")
    for operation in walk.of(Kind.SEARCH, Kind.SUMMARY):
        await _search(walk, operation)
    assert not walk.faults, "\n".join(walk.faults)
    assert all(count >= 2 for count in filters.values()), filters
    assert await walk.rows.fingerprints() == before


async def test_figures_of_another_unit_do_not_exist(walk: Walk) -> None:
    for operation in walk.of(Kind.FIGURES):
        own = await walk.call(next(insiders(operation)), operation, query={"unit_code": "320102"})
        assert own.status_code == 200, own.text
        for who in strangers(operation):
            known = told(await walk.call(who, operation, query={"unit_code": "320102"}))
            unknown = told(await walk.call(who, operation, query={"unit_code": "999999"}))
            walk.expect(known[0] == 404 and known == unknown, f"{operation} as {who.scope}: {known}")
    assert not walk.faults, "\n".join(walk.faults)


COUNTED = {"include_total": "true", "limit": "200"}


async def _own_items(walk: Walk, operation: Operation) -> tuple[list[dict[str, Any]], Actor]:
    for who in insiders(operation):
        answer = await walk.call(who, operation, query=COUNTED)
        assert answer.status_code == 200, f"{operation}: {answer.text}"
        page = answer.json()
        if page["items"] and page["total"] == len(page["items"]):
            return page["items"], who
    raise AssertionError(f"{operation}: nobody of the own unit sees anything, so the walk would prove nothing")


async def _working_filters(
    walk: Walk, operation: Operation, who: Actor, item: Mapping[str, Any]
) -> list[dict[str, str]]:
    """Every filter by a value of the record itself, by which its own unit finds it."""
    tried = [{name: str(value)} for name, value in item.items() if isinstance(value, str | int) and name != "version"]
    tried += [{"q": value} for name, value in item.items() if name.endswith("_no") and isinstance(value, str)]
    tried += [{"sort": name} for name in ("created_at", "-created_at")]
    found = []
    for query in tried:
        answer = await walk.call(who, operation, query=query | COUNTED)
        assert answer.status_code in (200, 422), answer.text
        if answer.status_code == 200 and answer.json()["items"]:
            found.append(query)
    return found


async def _search(walk: Walk, operation: Operation) -> None:
    options: dict[str, Any] = {}
    if operation.kind is Kind.SEARCH:
        options["body"] = walk.world.searches[operation.path]
    else:
        options["query"] = dict(pair.split("=") for pair in walk.world.summaries[operation.path].split("&"))
    own = (await walk.call(next(insiders(operation)), operation, **options)).json()
    walk.expect(bool(own["items"]), f"{operation}: the own unit finds nothing: {own}")
    for who in strangers(operation):
        found = (await walk.call(who, operation, **options)).json()
        empty = found["items"] == [] and _nothing(found.get("total"))
        walk.expect(empty, f"{operation} as {who.position} of {who.scope}: {found}")


def _nothing(total: Any) -> bool:
    """A total of nothing: absent, 0, or a sum of each figure that is 0."""
    figures = total.values() if isinstance(total, Mapping) else [total or 0]
    return not any(Decimal(str(one)) for one in figures)


async def test_naming_a_record_of_another_unit_in_a_new_one_is_like_naming_none(walk: Walk) -> None:
    before = await walk.rows.fingerprints()
    for operation in walk.of(Kind.CREATION):
        body_about = walk.world.creations[operation.path]
        for who in strangers(operation):
            known, unknown = [
                _without_own_values(await walk.call(who, operation, body=body_about(one), query={"dry_run": "true"}))
                for one in (True, False)
            ]
            walk.expect(known == unknown, f"{operation} as {who.position} of {who.scope}: {known} is not {unknown}")
            walk.expect("validation_failed" not in str(known), f"{operation}: the body itself is wrong, {known}")
    assert not walk.faults, "\n".join(walk.faults)
    assert await walk.rows.fingerprints() == before


def _without_own_values(answer: httpx.Response) -> str:
    """The answer without ids and instants of its own and without the masked number that was sent."""
    return re.sub(r"[0-9a-f-]{36}|20\d\d-\d\d-\d\dT[0-9:.+]*|\*+\w{4}", "…", str(told(answer)))


async def test_inbox_and_audit_trail_of_another_unit_are_empty(walk: Walk) -> None:
    """The trail is shown at branches only: there are no auditors below, and a chain belongs to a central branch."""
    may = ("organisation.work_item.read", "organisation.audit.read")
    everywhere = [unit for units in SIBLINGS.values() for unit in units]
    places = {"work-items": everywhere, "audit-entries": SIBLINGS["B"], "audit-verification": SIBLINGS["B"]}
    for name, units in places.items():
        path = f"/internal/{name}"
        own = (await walk.world.service.get(actor("auditor", "00", more=may), path)).json()["items"]
        assert own or (name, walk.world.service.service) == ("work-items", "policy"), path
        for unit in units:
            reader = actor("auditor", unit, name=f"reader of {unit}", more=may)
            items = (await walk.world.service.get(reader, path)).json()["items"]
            outside = [one for one in items if not _is_below(one, unit)]
            assert outside == [], f"{path} as {unit}: {outside}"


def _is_below(item: Mapping[str, Any], unit: str) -> bool:
    """Whether this tells of the unit itself or of one below it: of its own refused writes, for example."""
    place = item.get("entry", item).get("org_path") or item["chain"].partition(":")[2]
    return place == unit or place.startswith(f"{unit}.")


async def test_what_belongs_to_the_company_is_read_alike_at_every_unit(walk: Walk) -> None:
    """It has no place in the tree, so there is nothing to hide; only whoever may publish changes it."""
    operations = walk.of(Kind.COMPANY)
    assert bool(operations) == (walk.world.service.service == "policy")
    for operation in (one for one in operations if "{" not in one.path and one.method == "GET"):
        who = next(insiders(operation))
        own = (await walk.call(who, operation, query=COUNTED)).json()
        assert own["items"], operation
        for other in strangers(operation):
            walk.expect((await walk.call(other, operation, query=COUNTED)).json() == own, f"{operation} as {other}")
    writes = {holder for one in operations if one.writes for place in "SCLBH" for holder in one.holders(place)}
    assert writes <= {"rules_manager"}
    assert not walk.faults, "\n".join(walk.faults)


async def test_no_person_writes_through_the_seam_of_the_core_system(walk: Walk) -> None:
    """These routes name a record by the core system's own number, which no scope can hide: they are for machines."""
    from tests.support.tokens import MATRIX

    for operation in walk.of(Kind.CORE):
        assert operation.permission is not None
        holders = {place: operation.holders(place) for place in "SCLBH"}
        assert set().union(*holders.values()) == {"core_system"}, operation
        for position in MATRIX.positions:
            if position == "core_system":
                continue
            for place, path in OWN_CHAIN.items():
                if place in MATRIX.positions[position].at:
                    path_of = operation.path.replace("{core_no}", "C0001").replace("{policy_no}", "PPA2026-32-000002")
                    answer = await walk.world.service.call(actor(position, path), operation.method, path_of, {})
                    assert (answer.status_code, answer.json()["code"]) == (403, "action_not_permitted"), operation
