"""A unit moves: everything below and at it follows, on the day that was meant, once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt

from gateway.forwarding.upstreams import Upstreams
from gateway.organisation.tables import Appointment, Person, Team, UnitArea, UnitChange, UnitPlace, UnitRow
from shared.kernel import kernel
from shared.unit_moves import former_units
from tests.support.claim_life import MovedClock
from tests.support.gateway import SIGNING, GatewayUnderTest
from tests.support.unit_changes import Tree, claims_saying, item, on

ENTRIES, OUTBOX = kernel.tables["audit_entries"], kernel.tables["outbox"]
BEFORE, AFTER = "00.32.3201.320102", "00.32.3202.320102"


@pytest.fixture
async def tree(gateway: GatewayUnderTest) -> Tree:
    return Tree(gateway, await gateway.enter("security_admin", "32"))


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(tmp_path / "clock"))
    return MovedClock(tmp_path / "clock")


async def _paths(tree: Tree, table: Any, *where: Any) -> set[str]:
    return {one["org_path"] for one in await tree.gateway.rows(table.__table__, *where)}


async def test_a_sub_branch_moves_with_people_teams_and_areas_and_is_told_with_both_paths(tree: Tree) -> None:
    unit = await tree.row("320102")
    answer = await tree.change("320102", "moves", parent_code="3202")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["status"], told["path_before"], told["path_after"]) == ("done", BEFORE, AFTER)
    assert told["unit"] == {"id": str(unit["id"]), "version": 2}
    assert "touched" not in told
    assert (await tree.read("320102"))["parent_code"] == "3202"
    mine = lambda kind: kind.unit_id == unit["id"]  # noqa: E731
    for kind in (Team, Appointment, UnitArea, UnitPlace):
        assert await _paths(tree, kind, mine(kind)) == {AFTER}
    assert BEFORE not in await _paths(tree, Person)
    event = (await tree.events("320102"))[-1]
    assert (event["orgpath"], event["data"]["path"], event["data"]["path_before"]) == (AFTER, AFTER, BEFORE)
    assert event["data"]["parent_code"] == "3202"
    done = await tree.gateway.rows(ENTRIES, ENTRIES.c.action == "move")
    assert [one["outcome"] for one in done] == ["done"]
    past = (await tree.gateway.get(tree.who, f"/v1/units/{unit['id']}/history")).json()["items"]
    assert past[-1]["before"] == {"path": BEFORE}


async def test_a_central_branch_takes_every_unit_below_along_each_with_its_own_event(
    gateway: GatewayUnderTest,
) -> None:
    head = await gateway.enter("security_admin", "00")
    tree = Tree(gateway, head)
    branch = {"code": "88", "name": "第二分公司", "level": "branch", "parent_code": "00", "opened_on": on(-400)}
    assert (await gateway.post(head, "/v1/units", branch)).status_code == 201
    below = await gateway.rows(UnitRow.__table__, UnitRow.parent_code == "3201")
    assert len(below) > 5
    assert (await tree.change("3201", "moves", parent_code="88")).status_code == 201
    moved = await gateway.rows(UnitRow.__table__, UnitRow.org_path.like("00.88.3201%"))
    assert len(moved) == len(below) + 1
    for code in ("3201", "320102", "320104"):
        data = (await tree.events(code))[-1]["data"]
        assert data["path_before"].replace("00.32", "00.88") == data["path"]
    assert (await tree.row("320102"))["version"] == 2
    assert not await gateway.rows(Person.__table__, Person.org_path.like("00.32.3201%"))
    gone = {one["path"]: one["leads_to"] for one in await gateway.rows(former_units)}
    assert gone["00.32.3201.320102"] == "00.88.3201.320102"


async def test_whoever_works_at_a_moved_unit_is_judged_by_the_new_place_with_the_next_request(tree: Tree) -> None:
    agent = await tree.gateway.enter("service_agent", "320102")
    head_there = await tree.gateway.enter("department_head", "3202")
    unit = await tree.row("320102")
    assert (await tree.gateway.get(head_there, f"/v1/units/{unit['id']}")).status_code == 404
    assert (await tree.change("320102", "moves", parent_code="3202")).status_code == 201
    assert (await tree.gateway.get(agent, "/v1/me")).json()["appointment"]["unit"]["path"] == AFTER
    assert (await tree.gateway.get(head_there, f"/v1/units/{unit['id']}")).status_code == 200


@pytest.mark.parametrize(
    ("code", "body", "status", "problem"),
    [
        ("3201", {"parent_code": "320102"}, 422, "unit_cycle"),
        ("3201", {"parent_code": "3201"}, 422, "unit_cycle"),
        ("320102", {"parent_code": "32"}, 422, "wrong_parent_level"),
        ("320102", {"parent_code": "3200"}, 422, "wrong_parent_level"),
        ("3201", {"parent_code": "3202"}, 422, "wrong_parent_level"),
        ("320102", {"parent_code": "3201"}, 422, "same_parent"),
        ("3200", {"parent_code": "32"}, 422, "own_unit_stays"),
        ("320102", {"parent_code": "3302"}, 422, "reference_not_found"),
        ("3201", {"parent_code": "00"}, 422, "reference_not_found"),
        ("320102", {"parent_code": "3202", "effective_on": on(-1)}, 422, "effective_in_past"),
        ("320102", {"parent_code": "3202", "more": 1}, 422, "unknown_property"),
    ],
)
async def test_a_move_that_does_not_fit_is_refused_and_moves_nothing(
    tree: Tree, code: str, body: dict[str, Any], status: int, problem: str
) -> None:
    before = len(await tree.gateway.rows(OUTBOX))
    answer = await tree.change(code, "moves", **body)
    assert (answer.status_code, answer.json()["code"]) == (status, problem), answer.text
    assert (await tree.row(code))["version"] == 1
    assert len(await tree.gateway.rows(OUTBOX)) == before
    assert await tree.gateway.rows(UnitChange.__table__) == []


async def test_only_the_security_administrator_moves_and_nobody_finds_what_is_not_below(tree: Tree) -> None:
    head = await tree.gateway.enter("department_head", "32")
    refused = await tree.change("320102", "moves", parent_code="3202", who=head)
    assert (refused.status_code, refused.json()["code"]) == (403, "action_not_permitted")
    outside = await tree.change("00", "moves", parent_code="32")
    assert outside.status_code == 404
    top = await tree.gateway.enter("security_admin", "00")
    stays = await tree.change("00", "moves", parent_code="32", who=top)
    assert (stays.status_code, stays.json()["code"]) == (422, "head_office_stays")
    stale = await tree.change("320102", "moves", parent_code="3202", version=7)
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")


@pytest.mark.parametrize(("query", "body"), [("?dry_run=true", {}), ("", {"dry_run": True})])
async def test_a_dry_run_tells_what_a_move_touches_and_moves_nothing(
    tree: Tree, query: str, body: dict[str, Any]
) -> None:
    open_item = item(BEFORE)
    async with claims_saying(tree.gateway, [open_item]) as claims:
        answer = await tree.change("320102", "moves", parent_code="3202", query=query, **body)
        token = claims.seen[0].header("authorization") or ""
    assert answer.status_code == 200, answer.text
    told = answer.json()
    touched = told["touched"]
    assert "id" not in told
    assert touched["units"] == [{"code": "320102", "path_before": BEFORE, "path_after": AFTER}]
    assert {one["unit_code"] for one in touched["people"]} == {"320102"}
    assert len({one["staff_no"] for one in touched["people"]}) > 2
    assert [(one["service"], one["record"]) for one in touched["open_work"]] == [("claims", open_item["record"])]
    counted = {(one["service"], one["table"]): one["count"] for one in touched["records"]}
    assert counted["claims", "claims"] == 3
    assert counted["organisation", "people"] > 2
    said = jwt.decode(token.removeprefix("Bearer "), SIGNING, algorithms=["Ed25519"]).claims
    assert said["scope"] == BEFORE  # nothing beyond the unit is asked for
    assert (await tree.row("320102"))["org_path"] == BEFORE
    assert await tree.gateway.rows(UnitChange.__table__) == []
    assert await tree.gateway.rows(ENTRIES, ENTRIES.c.action == "move") == []


async def test_a_service_that_is_down_is_named_by_a_dry_run(tree: Tree) -> None:
    tree.gateway.app.state.upstreams = down = Upstreams({"claims": "http://localhost:1"})
    await down.open()
    answer = await tree.change("320102", "moves", parent_code="3202", query="?dry_run=true")
    await down.close()
    assert (answer.status_code, answer.json()["touched"]["partial"]) == (200, ["claims"])


async def test_a_later_move_waits_for_its_day_and_has_its_effect_once(tree: Tree, clock: MovedClock) -> None:
    answer = await tree.change("320102", "moves", parent_code="3202", effective_on=on(10))
    assert (answer.status_code, answer.json()["status"]) == (201, "planned")
    read = await tree.read("320102")
    assert read["path"] == BEFORE
    assert [(one["kind"], one["target_code"]) for one in read["planned_changes"]] == [("move", "3202")]
    assert await tree.tick() == 0
    day = on(10)
    clock.set(f"{on(10)}T00:30")
    await tree.gateway.warm()
    assert sorted(await asyncio.gather(tree.tick(), tree.tick())) == [0, 1]
    assert (await tree.row("320102"))["org_path"] == AFTER
    events = await tree.events("320102")
    assert [one["data"].get("path_before") for one in events] == [None, BEFORE]
    assert events[-1]["data"]["effective_on"] == day
    assert await tree.tick() == 0
    entries = await tree.gateway.rows(ENTRIES, ENTRIES.c.action == "move_takes_effect")
    assert len(entries) == 1


async def test_after_a_downtime_changes_take_effect_in_the_order_of_their_days(tree: Tree, clock: MovedClock) -> None:
    there, back, renamed = on(3), on(5), on(4)
    assert (await tree.change("320104", "moves", parent_code="3202", effective_on=back)).status_code == 201
    assert (await tree.change("320102", "moves", parent_code="3202", effective_on=there)).status_code == 201
    assert (await tree.rename("320102", name="改名支公司", effective_on=renamed)).status_code == 200
    clock.set(f"{on(20)}T08:00")
    assert await tree.tick() == 3
    days = [one["data"]["effective_on"] for one in await tree.events("320102")]
    assert days[1:] == [there, renamed]
    admin = await tree.gateway.enter("security_admin", "32")
    places = {}
    for day in (there, renamed, back):
        listed = await tree.gateway.get(admin, f"/v1/units?on={day}&code=320102")
        [places[day]] = [(one["path"], one["name"]) for one in listed.json()["items"]]
    assert places[there][0] == places[renamed][0] == AFTER
    assert places[there][1] != places[renamed][1] == "改名支公司"
    past = (await tree.gateway.get(admin, "/v1/units?on=2026-01-01&code=320102")).json()["items"]
    assert [(one["path"], one["parent_code"]) for one in past] == [(BEFORE, "3201")]
    assert (await tree.gateway.get(admin, "/v1/units?on=2019-12-31")).json()["items"] == []


async def test_one_change_of_place_waits_at_a_time_and_can_be_taken_back(tree: Tree) -> None:
    planned = (await tree.change("320102", "moves", parent_code="3202", effective_on=on(10))).json()
    second = await tree.change("320102", "moves", parent_code="3203", effective_on=on(20))
    assert (second.status_code, second.json()["code"]) == (409, "change_planned")
    assert (second.json()["change_id"], second.json()["kind"]) == (planned["id"], "move")
    unit = await tree.row("320102")
    where = f"/v1/units/{unit['id']}/changes/{planned['id']}"
    gone = await tree.gateway.call(tree.who, "DELETE", where, version=unit["version"])
    assert (gone.status_code, gone.json()["status"]) == (200, "withdrawn")
    again = await tree.gateway.call(tree.who, "DELETE", where, version=unit["version"] + 1)
    assert (again.status_code, again.json()["code"]) == (409, "change_over")
    assert (await tree.change("320102", "moves", parent_code="3203")).status_code == 201
    assert (await tree.row("320102"))["org_path"] == "00.32.3203.320102"


async def test_of_two_who_move_one_unit_at_once_one_wins_and_the_other_is_told(tree: Tree) -> None:
    await tree.gateway.warm()
    version = (await tree.row("320102"))["version"]
    answers = await asyncio.gather(
        *(tree.change("320102", "moves", parent_code=code, version=version) for code in ("3202", "3203", "3204"))
    )
    assert sorted(one.status_code for one in answers) == [201, 412, 412]
    assert {one.json()["code"] for one in answers if one.status_code == 412} == {"version_stale"}
    won = next(one.json() for one in answers if one.status_code == 201)
    assert (await tree.row("320102"))["org_path"] == won["path_after"]
    assert len(await tree.events("320102")) == 2


async def test_a_child_opened_while_its_parent_moves_stands_below_the_parent_wherever_that_is(
    gateway: GatewayUnderTest,
) -> None:
    head = await gateway.enter("security_admin", "00")
    tree = Tree(gateway, head)
    branch = {"code": "88", "name": "第二分公司", "level": "branch", "parent_code": "00", "opened_on": on(-400)}
    await gateway.post(head, "/v1/units", branch)
    await gateway.warm()
    for n, (code, parent) in enumerate((("3201", "88"), ("3201", "32"), ("3202", "88"))):
        child = {
            "code": f"32019{n}", "name": "新设支公司", "level": "sub_branch", "parent_code": code, "opened_on": on(0),
        }  # fmt: skip
        moved, opened = await asyncio.gather(
            tree.change(code, "moves", parent_code=parent), gateway.post(head, "/v1/units", child)
        )
        assert (moved.status_code, opened.status_code) == (201, 201), (moved.text, opened.text)
        assert (await tree.row(child["code"]))["org_path"] == f"00.{parent}.{code}.{child['code']}"
        last = (await tree.events(child["code"]))[-1]["data"]
        assert last["path"] == f"00.{parent}.{code}.{child['code']}"


async def test_a_move_sent_twice_under_one_key_is_one_move(tree: Tree) -> None:
    unit = await tree.row("320102")
    body = {"parent_code": "3202", "effective_on": on(0)}
    path = f"/v1/units/{unit['id']}/moves"
    first = await tree.gateway.post(tree.who, path, body, version=1, key="one-move")
    again = await tree.gateway.post(tree.who, path, body, version=1, key="one-move")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert len(await tree.events("320102")) == 2
