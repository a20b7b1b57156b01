"""A list shows exactly the records that its reader could read one by one; so do its pages, its count and its filters.

Records lie at units of every kind. For every list whose records are read singly, everybody who may read it, wherever
he works, gets by the list the very ids that he gets by their own address, neither one more nor one less.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from embedded.demonstration.story import story_policies
from shared.actor import Actor
from shared.clock import legal_day, process_now
from tests.support import crm_world, engines, risk_world
from tests.support.claim_life import report
from tests.support.complaint_world import complaint
from tests.support.route_walk import PLACES, Operation, operations_of
from tests.support.route_worlds import world_of
from tests.support.services import ServiceUnderTest, running
from tests.support.tokens import actor

UNITS = {
    "00.32": "B", "00.32.3200": "L", "00.32.3201": "C", "00.32.3201.320102": "S", "00.32.3201.320104": "S",
    "00.32.3202": "C", "00.32.3202.320205": "S",
}  # fmt: skip
READERS = {**UNITS, "00": "H", "00.33": "B", "00.321": "B"}
"""Where people read; the last branch's address begins with the letters of another one's."""


def _at(path: str, position: str) -> Actor:
    level, kind = PLACES[READERS[path]]
    return actor(position, path, level=level, kind=kind)


async def _claims(service: ServiceUnderTest) -> None:
    for path in UNITS:
        body = report(policy_no=None, unit_code=None)
        made = await service.post(_at(path, "service_agent"), "/v1/claims", body)
        assert made.status_code == 201, made.text


async def _complaints(service: ServiceUnderTest) -> None:
    for path in UNITS:
        made = await service.post(_at(path, "service_agent"), "/v1/complaints", complaint())
        assert made.status_code == 201, made.text


OPERATING = [path for path, letter in UNITS.items() if letter != "B"]


async def _policies(service: ServiceUnderTest) -> None:
    sold = story_policies(legal_day(process_now()))[3]
    for n, path in enumerate(OPERATING):
        body = sold | {"unit_code": path.rpartition(".")[2]}
        del body["policy_no"]
        answer = await service.call(actor("core_system", "00"), "PUT", f"/v1/core/policies/PPA2026-32-99000{n}", body)
        assert answer.status_code == 200, answer.text


async def _customers(service: ServiceUnderTest) -> None:
    world = crm_world.CrmWorld(service)
    for n, path in enumerate(OPERATING):
        known = crm_world.body(id_no=None, unit_code=path.rpartition(".")[2])
        answer = await world.put(f"C100{n}", **known)
        assert answer.status_code == 200, answer.text


async def _risks(service: ServiceUnderTest) -> None:
    for n, path in enumerate(OPERATING):
        number = {"policy_id": str(UUID(int=n + 1)), "policy_no": f"PLL-{n}"}
        sold = risk_world.policy(
            legal_day(process_now()), unit_code=path.rpartition(".")[2], risk_level="high",
            cover={"limit_per_accident": "5000000.00", "aggregate_limit": "9000000.00"},
        ) | number  # fmt: skip
        arrived = risk_world.event(risk_world.ISSUED, UUID(sold["policy_id"]), sold, orgpath=path)
        await risk_world.hear(service, arrived)


MADE: dict[str, Callable[[ServiceUnderTest], Awaitable[None]]] = {
    "claims": _claims, "complaints": _complaints, "policy": _policies, "crm": _customers, "risk": _risks,
}  # fmt: skip


@pytest.fixture(params=MADE)
async def service(request: pytest.FixtureRequest, clones: engines.Clones, tmp_path: Path) -> AsyncIterator[Any]:
    url = clones.application_url(request.param)
    await clones.reset(request.param)
    async with running(request.param, url, tmp_path) as found:
        await world_of(found)  # one record of every type at the walk's own unit
        await MADE[request.param](found)
        yield found
    await clones.reset(request.param)


APART = {"/v1/messages"}
"""Lists whose single read shows more, to fewer: the words of a notice are for whoever has to tell it."""


def _lists(service: ServiceUnderTest) -> list[tuple[Operation, Operation]]:
    """Every list of records with the read of one of them."""
    reads = {one.path.rpartition("/{")[0]: one for one in operations_of(service.app) if one.method == "GET"
             and one.path.count("{") == 1 and one.path.endswith("}")}  # fmt: skip
    every = [one for one in operations_of(service.app) if one.method == "GET" and one.path in reads.keys() - APART]
    return [(one, reads[one.path]) for one in every]


async def _listed(service: ServiceUnderTest, who: Actor, path: str, **query: str) -> set[str]:
    """The ids over all pages, three at a time, and the count that the list states of itself."""
    found: list[str] = []
    asked = {"limit": "3", "include_total": "true", **query}
    while True:
        answer = await service.get(who, path, params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            assert page["total"] == len(found) == len(set(found)), path
            return set(found)
        asked["cursor"] = page["next_cursor"]


async def test_a_list_shows_exactly_what_its_reader_can_read_singly(service: ServiceUnderTest) -> None:
    lists, reads, seen = _lists(service), 0, set()
    assert lists
    for listing, single in lists:
        assert listing.permission == single.permission
        everything = await _listed(service, _at("00", "auditor"), listing.path)
        assert len(everything) >= 1, listing
        for path, letter in READERS.items():
            for position in listing.holders(letter):
                who = _at(path, position)
                by_list = await _listed(service, who, listing.path)
                by_read = set()
                for one in everything:
                    answer = await service.get(who, f"{listing.path}/{one}")
                    assert answer.status_code in (200, 404), answer.text
                    by_read |= {one} if answer.status_code == 200 else set()
                    reads += 1
                assert by_list == by_read, f"{listing} as {position} of {path}"
                seen.add(len(by_list))
                below = await _listed(service, who, listing.path, unit_code="3201")
                assert below <= by_list
    print(f"{service.service}: {len(lists)} lists, {reads} single reads")
    assert {0, len(everything)} <= seen
