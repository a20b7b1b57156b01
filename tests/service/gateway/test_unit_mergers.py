"""A unit merges into another: people, teams, areas and units below go to the one that remains."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.organisation.tables import Appointment, Person, Team
from shared.kernel import kernel
from shared.unit_moves import former_units
from tests.support.claim_life import MovedClock
from tests.support.gateway import GatewayUnderTest
from tests.support.unit_changes import Tree, on

OUTBOX = kernel.tables["outbox"]
REMAINS = "00.32.3201.320104"


@pytest.fixture
async def tree(gateway: GatewayUnderTest) -> Tree:
    return Tree(gateway, await gateway.enter("security_admin", "32"))


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(tmp_path / "clock"))
    return MovedClock(tmp_path / "clock")


async def test_people_teams_and_areas_go_to_the_unit_that_remains(tree: Tree) -> None:
    agent = await tree.gateway.enter("service_agent", "320102")
    unit, into = await tree.row("320102"), await tree.row("320104")
    held = await tree.gateway.rows(Appointment.__table__, Appointment.unit_id == unit["id"])
    answer = await tree.change("320102", "mergers", into_code="320104")
    assert answer.status_code == 201, answer.text
    assert (answer.json()["kind"], answer.json()["path_after"]) == ("merger", REMAINS)
    gone, left = await tree.read("320102"), await tree.read("320104")
    assert (gone["closed_on"], gone["merged_into"], gone["area_codes"]) == (on(0), "320104", [])
    assert (left["area_codes"], left["version"]) == (["320104", "320102"], 2)
    teams = await tree.gateway.rows(Team.__table__, Team.code.like("320102-%"))
    assert {(one["unit_id"], one["unit_code"], one["org_path"]) for one in teams} == {(into["id"], "320104", REMAINS)}
    ended = await tree.gateway.rows(Appointment.__table__, Appointment.unit_id == unit["id"])
    assert {str(one["to_on"]) for one in ended} == {on(0)}
    there = await tree.gateway.rows(Appointment.__table__, Appointment.unit_id == into["id"])
    now_there = {(one["person_id"], one["position"]) for one in there if one["to_on"] is None}
    assert {(one["person_id"], one["position"]) for one in held} <= now_there
    assert await tree.gateway.rows(Person.__table__, Person.org_path == unit["org_path"]) == []
    # the sign-in rested on the appointment that ended
    assert (await tree.gateway.get(agent, "/v1/me")).status_code == 401
    again = await tree.gateway.enter_as(agent.login)
    me = (await tree.gateway.get(again, "/v1/me")).json()
    assert me["appointment"]["unit"]["code"] == "320104"


async def test_a_merger_is_told_of_both_units_and_of_every_appointment(tree: Tree) -> None:
    await tree.change("320102", "mergers", into_code="320104")
    gone, left = (await tree.events("320102"))[-1]["data"], (await tree.events("320104"))[-1]["data"]
    assert (gone["merged_into"], gone["closed_on"], gone["path"]) == ("320104", on(0), "00.32.3201.320102")
    assert left["area_codes"] == ["320104", "320102"]
    assert {"320102-T01", "320104-T01"} <= {one["team_code"] for one in left["teams"]}
    told = [
        one["event"]["data"]
        for one in await tree.gateway.rows(OUTBOX, OUTBOX.c.subject == "organisation.appointment.changed.v1")
    ]
    assert {one["unit_code"] for one in told if one.get("to") == on(0)} == {"320102"}
    assert {one["unit_code"] for one in told if one["from"] == on(0)} == {"320104"}
    [former] = await tree.gateway.rows(former_units)
    assert (former["path"], former["unit_code"], former["leads_to"]) == ("00.32.3201.320102", "320104", REMAINS)


async def test_the_units_below_a_merged_central_branch_stand_below_the_one_that_remains(tree: Tree) -> None:
    answer = await tree.change("3202", "mergers", into_code="3201")
    assert answer.status_code == 201, answer.text
    row = await tree.row("320205")
    assert (row["org_path"], row["parent_code"]) == ("00.32.3201.320205", "3201")
    data = (await tree.events("320205"))[-1]["data"]
    assert (data["path_before"], data["path"]) == ("00.32.3202.320205", "00.32.3201.320205")
    # a later move of the one that remains takes along where the merged one leads
    head = await tree.gateway.enter("security_admin", "00")
    branch = {"code": "88", "name": "第二分公司", "level": "branch", "parent_code": "00", "opened_on": on(-400)}
    await tree.gateway.post(head, "/v1/units", branch)
    assert (await tree.change("3201", "moves", parent_code="88", who=head)).status_code == 201
    gone = {one["path"]: one["leads_to"] for one in await tree.gateway.rows(former_units)}
    assert gone["00.32.3202"] == "00.88.3201"
    assert gone["00.32.3202.320205"] == "00.88.3201.320205"


async def test_two_branches_merge_with_their_own_units(gateway: GatewayUnderTest) -> None:
    head = await gateway.enter("security_admin", "00")
    tree = Tree(gateway, head)
    for body in (
        {"code": "88", "name": "第二分公司", "level": "branch", "parent_code": "00"},
        {
            "code": "8800",
            "name": "第二分公司本部",
            "level": "central_branch",
            "kind": "branch_local",
            "parent_code": "88",
        },
        {"code": "8801", "name": "第二中心支公司", "level": "central_branch", "parent_code": "88"},
    ):
        assert (await gateway.post(head, "/v1/units", body | {"opened_on": on(-400)})).status_code == 201
    assert (await tree.change("88", "mergers", into_code="32")).status_code == 201
    own, other = await tree.row("8800"), await tree.row("8801")
    assert (own["merged_into"], str(own["closed_on"])) == ("3200", on(0))
    assert (other["org_path"], other["merged_into"]) == ("00.32.8801", None)


@pytest.mark.parametrize(
    ("code", "into", "status", "problem"),
    [
        ("320102", "320102", 422, "merged_into_itself"),
        ("320102", "3202", 422, "unlike_units"),
        ("3200", "3201", 422, "own_unit_stays"),
        ("3201", "3200", 422, "own_unit_stays"),
        ("320102", "330102", 422, "reference_not_found"),
    ],
)
async def test_units_that_do_not_merge_are_refused(tree: Tree, code: str, into: str, status: int, problem: str) -> None:
    answer = await tree.change(code, "mergers", into_code=into)
    assert (answer.status_code, answer.json()["code"]) == (status, problem), answer.text
    assert (await tree.row(code))["version"] == 1


async def test_a_unit_that_is_to_be_merged_takes_nobody_over_itself(tree: Tree) -> None:
    assert (await tree.change("320102", "mergers", into_code="320104", effective_on=on(9))).status_code == 201
    chain = await tree.change("320105", "mergers", into_code="320102")
    assert (chain.status_code, chain.json()["code"]) == (409, "change_planned")
    closing = await tree.change("320104", "closures", effective_on=on(20))
    assert "planned_change" in {one["kind"] for one in closing.json()["obstacles"]}


async def test_a_planned_merger_takes_effect_on_its_day_with_who_came_meanwhile(tree: Tree, clock: MovedClock) -> None:
    assert (await tree.change("320102", "mergers", into_code="320104", effective_on=on(9))).status_code == 201
    person = (await tree.gateway.post(tree.who, "/v1/people", {"staff_no": "S9001", "name": "司徒海"})).json()
    path = f"/v1/people/{person['id']}/appointments"
    body = {"position": "service_agent", "unit_code": "320102", "from": on(30)}
    assert (await tree.gateway.post(tree.who, path, body, version=1)).status_code == 201
    begins = on(30)
    clock.set(f"{on(9)}T01:00")
    assert await tree.tick() == 1
    rows = await tree.gateway.rows(Appointment.__table__, Appointment.person_id == person["id"])
    at = {one["unit_code"]: (str(one["from_on"]), one["to_on"] and str(one["to_on"])) for one in rows}
    assert at == {"320102": (begins, begins), "320104": (begins, None)}
