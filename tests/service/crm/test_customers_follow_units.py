"""A customer, his timeline, visits and open work lie where the unit that serves him lies."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.inbox import Arrival
from tests.support.crm_world import AGENT, CORE, SIBLING_SUB, SUB, CrmWorld, body

UNIT, THERE = UUID(int=7), "00.32.3202.320102"
SUBJECT = "organisation.unit.changed.v1"


def told(world: CrmWorld, version: int, path: str, before: str | None = None, **changes: Any) -> Arrival:
    data = {
        "unit_code": "320102", "name": "支公司", "level": "sub_branch", "kind": "standard",
        "parent_code": path.split(".")[-2], "path": path, "path_before": before, "effective_on": "2026-12-01",
        "area_codes": ["320102"], "teams": [],
    }  # fmt: skip
    return world.event(SUBJECT, UNIT, data | changes, version=version)


async def _paths(world: CrmWorld, *tables: str) -> dict[str, set[str]]:
    return {table: {one["org_path"] for one in await world.rows(table)} for table in tables}


async def test_a_customer_with_timeline_visits_and_open_work_follows_the_unit(world: CrmWorld) -> None:
    await world.put(**body())
    claim = uuid4()
    await world.take(world.reported(claim))
    await world.visit(claim)
    tables = ("customers", "customer_assignments", "timeline_entries", "return_visits", "work_items")
    assert await _paths(world, *tables) == {table: {SUB} for table in tables}
    await world.take(told(world, 2, THERE, SUB))
    assert await _paths(world, *tables) == {table: {THERE} for table in tables}
    assert {one["org_path"] for one in await world.rows("history")} == {SUB}
    references = await world.rows("record_references")
    assert {one["path"] for one in references} == {THERE}
    assert (
        await world.service.get(AGENT, f"/v1/customers/{(await world.rows('customers'))[0]['id']}")
    ).status_code == 404


async def test_a_merger_gives_the_customer_to_the_unit_that_remains(world: CrmWorld) -> None:
    await world.put(**body())
    await world.take(told(world, 2, SUB, closed_on="2026-12-01", merged_into="320104"))
    [customer] = await world.rows("customers")
    [assignment] = await world.rows("customer_assignments")
    assert (customer["org_path"], customer["unit_code"]) == (SIBLING_SUB, "320104")
    assert (assignment["org_path"], assignment["unit_code"]) == (SIBLING_SUB, "320104")
    # the core system still names the old code: the customer stays where the merger brought him
    again = await world.put(who=CORE, **body(2))
    assert again.status_code in (200, 201)
    [customer] = await world.rows("customers")
    assert customer["org_path"] == SIBLING_SUB


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_customer_move_and_move_back_come_out_the_same_in_every_order(
    world: CrmWorld, order: tuple[int, ...]
) -> None:
    other = "00.32.3203.320102"
    await world.put(**body())
    news = [told(world, 2, THERE, SUB), told(world, 3, SUB, THERE), told(world, 4, other, SUB)]
    await world.take(*(news[n] for n in order))
    assert await _paths(world, "customers", "customer_assignments") == {
        "customers": {other}, "customer_assignments": {other},
    }  # fmt: skip
