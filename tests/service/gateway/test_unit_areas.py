"""Areas and teams have their time: whose an area is on a day, whose team, and since when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.organisation.tables import UnitArea
from tests.support.claim_life import MovedClock
from tests.support.gateway import GatewayUnderTest
from tests.support.unit_changes import Tree, on


@pytest.fixture
async def tree(gateway: GatewayUnderTest) -> Tree:
    return Tree(gateway, await gateway.enter("security_admin", "32"))


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(tmp_path / "clock"))
    return MovedClock(tmp_path / "clock")


async def _codes(tree: Tree, query: str) -> list[str]:
    answer = await tree.gateway.get(tree.who, f"/v1/units?{query}")
    assert answer.status_code == 200, answer.text
    return [one["code"] for one in answer.json()["items"]]


async def test_an_area_changes_hands_on_its_day_and_is_booked_until_then(tree: Tree, clock: MovedClock) -> None:
    given = await tree.rename("320104", area_codes=[], effective_on=on(10))
    assert (given.status_code, given.json()["area_codes"]) == (200, ["320104"])
    early = await tree.rename("320102", area_codes=["320102", "320104"], effective_on=on(9))
    assert (early.status_code, early.json()["code"]) == (409, "area_taken")
    taken = await tree.rename("320102", area_codes=["320102", "320104"], effective_on=on(10))
    assert taken.status_code == 200, taken.text
    assert taken.json()["areas"] == [
        {"area_code": "320102", "from": "2020-01-01"},
        {"area_code": "320104", "from": on(10)},
    ]
    third = await tree.rename("320105", area_codes=["320105", "320104"], effective_on=on(40))
    assert third.json()["code"] == "area_taken"
    assert await _codes(tree, f"on={on(9)}&area_code=320104") == ["320104"]
    assert await _codes(tree, f"on={on(10)}&area_code=320104") == ["320102"]
    assert await _codes(tree, "area_code=320104") == ["320104"]
    clock.set(f"{on(10)}T00:10")
    assert await tree.tick() == 2
    data = {code: (await tree.events(code))[-1]["data"]["area_codes"] for code in ("320102", "320104")}
    assert data == {"320102": ["320102", "320104"], "320104": []}


async def test_a_planned_change_of_areas_is_taken_back_as_if_it_had_not_been(tree: Tree) -> None:
    unit = await tree.row("320102")
    before = await tree.gateway.rows(UnitArea.__table__, UnitArea.unit_id == unit["id"])
    answer = await tree.rename("320102", area_codes=["320199"], effective_on=on(10))
    [planned] = answer.json()["planned_changes"]
    second = await tree.rename("320102", name="新名", effective_on=on(12))
    assert (second.status_code, second.json()["code"]) == (409, "change_planned")
    where = f"/v1/units/{unit['id']}/changes/{planned['id']}"
    gone = await tree.gateway.call(tree.who, "DELETE", where, version=2)
    assert (gone.status_code, gone.json()["status"]) == (200, "withdrawn")
    assert await tree.gateway.rows(UnitArea.__table__, UnitArea.unit_id == unit["id"]) == before
    assert (await tree.rename("320105", area_codes=["320105", "320199"])).status_code == 200


async def test_a_branchs_own_unit_takes_areas_of_its_branch_only(tree: Tree) -> None:
    foreign = await tree.rename("3200", area_codes=["330102"])
    assert (foreign.status_code, foreign.json()["code"]) == (422, "foreign_area")
    assert foreign.json()["area_code"] == "330102"
    assert (await tree.rename("3200", area_codes=["320199"])).status_code == 200
    taken = await tree.rename("3200", area_codes=["320102"])
    assert (taken.status_code, taken.json()["code"]) == (409, "area_taken")


async def test_a_name_is_changed_from_a_day_never_for_the_past(tree: Tree) -> None:
    past = await tree.rename("320102", name="旧名", effective_on=on(-1))
    assert (past.status_code, past.json()["code"]) == (422, "effective_in_past")
    name = (await tree.row("320102"))["name"]
    assert (await tree.rename("320102", name="新名")).json()["name"] == "新名"
    then, now = [
        (await tree.gateway.get(tree.who, f"/v1/units?on={on(days)}&code=320102")).json()["items"] for days in (-1, 0)
    ]
    assert ([one["name"] for one in then], [one["name"] for one in now]) == ([name], ["新名"])


async def _team(tree: Tree, code: str = "320102-T01") -> Any:
    return (await tree.gateway.get(tree.who, f"/v1/teams?code={code}")).json()["items"][0]


async def test_a_team_is_renamed_and_ends_and_its_unit_tells_it(tree: Tree) -> None:
    head = await tree.gateway.enter("department_head", "3201")
    team = await _team(tree)
    path = f"/v1/teams/{team['id']}"
    done = await tree.gateway.call(head, "PATCH", path, {"name": "展业先锋队", "to": on(5)}, version=1)
    assert (done.status_code, done.json()["name"], done.json()["to"], done.json()["version"]) == (
        200, "展业先锋队", on(5), 2,
    )  # fmt: skip
    told = {one["team_code"]: one.get("to") for one in (await tree.events("320102"))[-1]["data"]["teams"]}
    assert told["320102-T01"] == on(5)
    refusals = {
        "effective_in_past": {"to": on(-1)},
        "period_reversed": {"to": "2020-01-01"},
        "unknown_property": {"unit_code": "320104"},
    }
    for code, body in refusals.items():
        assert (await tree.gateway.call(head, "PATCH", path, body, version=2)).json()["code"] == code
    stale = await tree.gateway.call(head, "PATCH", path, {"name": "x"}, version=1)
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    sibling = await tree.gateway.enter("department_head", "3202")
    assert (await tree.gateway.call(sibling, "PATCH", path, {"name": "x"}, version=2)).status_code == 404
    agent = await tree.gateway.enter("service_agent", "320102")
    assert (await tree.gateway.call(agent, "PATCH", path, {"name": "x"}, version=2)).status_code == 403
