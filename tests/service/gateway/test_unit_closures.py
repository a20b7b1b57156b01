"""A unit closes only when nothing is left at it: no unit below, nobody, no open work, no change that leads to it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.forwarding.upstreams import Upstreams
from gateway.organisation.tables import Team, UnitArea, UnitChange
from shared.kernel import kernel
from tests.support.claim_life import MovedClock
from tests.support.gateway import GatewayUnderTest
from tests.support.unit_changes import Tree, claims_saying, item, on

ENTRIES = kernel.tables["audit_entries"]
EMPTY, PATH = "320106", "00.32.3201.320106"
"""A sub-branch at which nobody works in the test's province."""


@pytest.fixture
async def tree(gateway: GatewayUnderTest) -> Tree:
    return Tree(gateway, await gateway.enter("security_admin", "32"))


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(tmp_path / "clock"))
    return MovedClock(tmp_path / "clock")


def _kinds(answer: Any) -> set[str]:
    return {one["kind"] for one in answer.json()["obstacles"]}


async def test_an_empty_unit_closes_with_its_areas_and_teams(tree: Tree) -> None:
    unit = await tree.row(EMPTY)
    answer = await tree.change(EMPTY, "closures")
    assert (answer.status_code, answer.json()["status"]) == (201, "done"), answer.text
    read = await tree.read(EMPTY)
    assert (read["closed_on"], read["area_codes"]) == (on(0), [])
    teams = await tree.gateway.rows(Team.__table__, Team.unit_id == unit["id"])
    areas = await tree.gateway.rows(UnitArea.__table__, UnitArea.unit_id == unit["id"])
    assert teams
    assert {str(one["to_on"]) for one in (*teams, *areas)} == {on(0)}
    data = (await tree.events(EMPTY))[-1]["data"]
    assert (data["closed_on"], data["path"], "path_before" in data) == (on(0), PATH, False)
    assert (await tree.gateway.get(tree.who, f"/v1/units?on={on(0)}&code={EMPTY}")).json()["items"] == []
    assert len((await tree.gateway.get(tree.who, f"/v1/units?on={on(-1)}&code={EMPTY}")).json()["items"]) == 1
    again = await tree.change(EMPTY, "closures")
    assert (again.status_code, again.json()["code"]) == (409, "unit_closes")
    refused = {one["action"]: one for one in read["available_actions"]}["close"]
    assert (refused["allowed"], refused["reason"]["code"]) == (False, "unit_closes")
    # its area is free for another unit from that day
    assert (await tree.rename("320102", area_codes=["320102", EMPTY])).status_code == 200


async def test_everything_left_at_a_unit_is_listed_and_keeps_it_open(tree: Tree) -> None:
    await tree.change("320205", "moves", parent_code="3201", effective_on=on(30))
    work = item("00.32.3201")
    async with claims_saying(tree.gateway, [work]):
        answer = await tree.change("3201", "closures")
        dry = await tree.change("3201", "closures", query="?dry_run=true")
    for one in (answer, dry):
        assert (one.status_code, one.json()["code"]) == (409, "unit_not_empty")
        assert _kinds(one) == {"unit", "appointment", "planned_change", "work_item"}
    told = answer.json()["obstacles"]
    assert {"kind": "unit", "code": "320102"} in told
    found = [one for one in told if one["kind"] == "work_item"]
    assert [(one["service"], one["work"], one["record"]) for one in found] == [("claims", "survey", work["record"])]
    assert {one["code"] for one in told if one["kind"] == "planned_change"} == {"320205"}
    assert answer.json()["count"] == len(told)
    assert (await tree.row("3201"))["closed_on"] is None
    entries = await tree.gateway.rows(ENTRIES, ENTRIES.c.person_id == tree.who.id, ENTRIES.c.outcome == "refused")
    assert len(entries) == 1


async def test_what_ends_before_the_day_is_no_obstacle(tree: Tree) -> None:
    agent = await tree.gateway.enter("service_agent", "320104")
    refused = await tree.change("320104", "closures", effective_on=on(30))
    assert _kinds(refused) == {"appointment"}
    people = {one["person_id"] for one in refused.json()["obstacles"]}
    assert agent.id in people
    for person_id in people:
        person = (await tree.gateway.get(tree.who, f"/v1/people/{person_id}")).json()
        for held in (one for one in person["appointments"] if one["unit_code"] == "320104"):
            version = (await tree.gateway.get(tree.who, f"/v1/people/{person_id}")).json()["version"]
            where = f"/v1/people/{person_id}/appointments/{held['id']}?effective_on={on(20)}"
            ended = await tree.gateway.call(tree.who, "DELETE", where, version=version)
            assert (ended.status_code, ended.json()["to"]) == (200, on(20))
    assert (await tree.change("320104", "closures", effective_on=on(10))).json()["code"] == "unit_not_empty"
    planned = await tree.change("320104", "closures", effective_on=on(30))
    assert (planned.status_code, planned.json()["status"]) == (201, "planned")


async def test_a_unit_does_not_close_while_a_service_does_not_say_what_is_open(tree: Tree) -> None:
    tree.gateway.app.state.upstreams = down = Upstreams({"claims": "http://localhost:1"})
    await down.open()
    answer = await tree.change(EMPTY, "closures")
    await down.close()
    assert (answer.status_code, answer.json()["code"], answer.json()["partial"]) == (503, "work_unknown", ["claims"])
    assert (await tree.row(EMPTY))["closed_on"] is None


async def test_a_planned_closure_keeps_everything_away_that_would_outlast_it(tree: Tree) -> None:
    assert (await tree.change(EMPTY, "closures", effective_on=on(30))).status_code == 201
    person = (await tree.gateway.post(tree.who, "/v1/people", {"staff_no": "S9001", "name": "司徒海"})).json()
    path = f"/v1/people/{person['id']}/appointments"
    body = {"position": "service_agent", "unit_code": EMPTY, "from": on(0)}
    for wrong in (body, body | {"to": on(31)}, body | {"from": on(30)}):
        refused = await tree.gateway.post(tree.who, path, wrong, version=1)
        assert (refused.status_code, refused.json()["code"]) == (409, "unit_closes"), refused.text
        assert refused.json()["closes_on"] == on(30)
    assert (await tree.gateway.post(tree.who, path, body | {"to": on(30)}, version=1)).status_code == 201
    team = {"unit_code": EMPTY, "code": "T-LATE", "name": "晚队", "from": on(30)}
    assert (await tree.gateway.post(tree.who, "/v1/teams", team)).json()["code"] == "unit_closes"
    central = await tree.change("320205", "moves", parent_code=EMPTY)
    assert central.json()["code"] == "parent_closed"
    early = {"position": "service_agent", "unit_code": "320102", "from": "2019-01-01"}
    assert (await tree.gateway.post(tree.who, path, early, version=2)).json()["code"] == "unit_not_open"


async def test_a_closure_waits_on_its_day_until_nothing_is_left(tree: Tree, clock: MovedClock) -> None:
    work = [item(PATH)]
    async with claims_saying(tree.gateway, []):
        assert (await tree.change(EMPTY, "closures", effective_on=on(5))).status_code == 201
    meant = on(5)
    clock.set(f"{on(7)}T09:00")
    async with claims_saying(tree.gateway, work):
        assert await tree.tick() == 0
        [row] = await tree.gateway.rows(UnitChange.__table__)
        assert (row["status"], [one["kind"] for one in row["obstacles"]]) == ("held", ["work_item"])
        assert (await tree.row(EMPTY))["closed_on"] is None
        assert (await tree.row(EMPTY))["version"] == 2
        admin = await tree.gateway.enter("security_admin", "32")
        waiting = (await tree.read(EMPTY, admin))["planned_changes"]
        assert [(one["status"], one["obstacles"][0]["service"]) for one in waiting] == [("held", "claims")]
        work.clear()
        assert await tree.tick(partial=["crm"]) == 0
        assert await tree.tick() == 1
    assert str((await tree.row(EMPTY))["closed_on"]) == on(0) > meant
    assert set(tree.asked) == {PATH}
    assert await tree.tick() == 0


async def test_a_closure_whose_day_has_passed_unattended_is_dated_with_its_own_day(
    tree: Tree, clock: MovedClock
) -> None:
    assert (await tree.change(EMPTY, "closures", effective_on=on(5))).status_code == 201
    meant = on(5)
    clock.set(f"{on(20)}T09:00")
    assert await tree.tick() == 1
    assert str((await tree.row(EMPTY))["closed_on"]) == meant


async def test_of_a_closure_and_an_appointment_at_once_one_is_refused(tree: Tree) -> None:
    await tree.gateway.warm()
    outcomes = set()
    for n, code in enumerate(("320106", "320111", "320113", "320114")):
        person = await tree.gateway.post(tree.who, "/v1/people", {"staff_no": f"S900{n}", "name": "某人"})
        path = f"/v1/people/{person.json()['id']}/appointments"
        body = {"position": "service_agent", "unit_code": code, "from": on(0)}
        closed, held = await asyncio.gather(
            tree.change(code, "closures"), tree.gateway.post(tree.who, path, body, version=1)
        )
        assert sorted((closed.status_code, held.status_code)) == [201, 409], (closed.text, held.text)
        lost = closed if closed.status_code == 409 else held
        assert lost.json()["code"] in ("unit_not_empty", "unit_closes")
        outcomes.add(lost.json()["code"])
    assert outcomes


async def test_of_a_closure_and_a_unit_opened_below_at_once_one_is_refused(tree: Tree) -> None:
    bare = {"code": "3298", "name": "新设中心支公司", "level": "central_branch", "parent_code": "32"}
    assert (await tree.gateway.post(tree.who, "/v1/units", bare | {"opened_on": on(0)})).status_code == 201
    child = {"code": "329801", "name": "新设支公司", "level": "sub_branch", "parent_code": "3298", "opened_on": on(0)}
    await tree.gateway.warm()
    closed, opened = await asyncio.gather(
        tree.change("3298", "closures"), tree.gateway.post(tree.who, "/v1/units", child)
    )
    assert sorted((closed.status_code, opened.status_code)) == [201, 409], (closed.text, opened.text)
    lost = closed if closed.status_code == 409 else opened
    assert lost.json()["code"] in ("unit_not_empty", "parent_closed")
