"""Directives: issued downward, acknowledged and done by the unit addressed, overdue by themselves."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.directives.handlers import OVERDUE
from gateway.directives.tables import Directive
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.claim_life import MovedClock
from tests.support.gateway import GatewayUnderTest, SignedIn
from tests.support.unit_changes import Tree, on

ENTRIES, ITEMS = kernel.tables["audit_entries"], kernel.tables["work_items"]
BODY = {"unit_codes": ["320102", "320104"], "text": "年底前完成学校责任险走访", "due_on": on(10)}


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(tmp_path / "clock"))
    return MovedClock(tmp_path / "clock")


@pytest.fixture
async def head(gateway: GatewayUnderTest) -> SignedIn:
    return await gateway.enter("department_head", "32")


async def _issue(gateway: GatewayUnderTest, head: SignedIn, **changes: Any) -> dict[str, Any]:
    """The directives of one issue by unit code."""
    answer = await gateway.post(head, "/v1/directives", BODY | changes)
    assert answer.status_code == 201, answer.text
    return {one["unit_code"]: one for one in answer.json()["items"]}


async def _open(gateway: GatewayUnderTest) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in await gateway.rows(ITEMS, ITEMS.c.closed_at.is_(None)):
        found.setdefault(one["unit_code"], []).append(one["kind"])
    return found


async def test_each_unit_addressed_has_a_directive_of_its_own_as_a_work_item(
    gateway: GatewayUnderTest, head: SignedIn
) -> None:
    issued = await _issue(gateway, head, unit_codes=["320102", "320104", "320102"])
    assert set(issued) == {"320102", "320104"}
    one = issued["320102"]
    assert (one["status"], one["issuer_unit_code"], one["org_path"]) == ("issued", "32", "00.32.3201.320102")
    assert await _open(gateway) == {"320102": ["acknowledge_directive"], "320104": ["acknowledge_directive"]}
    [item] = [row for row in await gateway.rows(ITEMS) if row["unit_code"] == "320102"]
    assert item["due_at"].astimezone().isoformat() > f"{on(10)}T15"
    assert item["action_href"] == f"/v1/directives/{one['id']}/acknowledgements"
    agent = await gateway.enter("service_agent", "320102")
    mine = (await gateway.get(agent, "/v1/directives")).json()["items"]
    assert [row["id"] for row in mine] == [one["id"]]
    hidden = await gateway.get(agent, f"/v1/directives/{issued['320104']['id']}")
    assert hidden.status_code == 404
    entries = await gateway.rows(ENTRIES, ENTRIES.c.object_type == "directive")
    assert [row["outcome"] for row in entries] == ["done", "done"]


async def test_a_directive_is_acknowledged_and_done_once_by_the_unit_addressed(
    gateway: GatewayUnderTest, head: SignedIn
) -> None:
    one = (await _issue(gateway, head))["320102"]
    path = f"/v1/directives/{one['id']}"
    agent = await gateway.enter("service_agent", "320102")
    actions = {row["action"]: row for row in (await gateway.get(agent, path)).json()["available_actions"]}
    assert (actions["acknowledge"]["allowed"], actions["complete"]["reason"]["code"]) == (True, "not_acknowledged")
    early = await gateway.post(agent, f"{path}/completions", {}, version=1)
    assert (early.status_code, early.json()["code"]) == (409, "not_acknowledged")
    by_issuer = await gateway.post(head, f"{path}/acknowledgements", {}, version=1)
    assert (by_issuer.status_code, by_issuer.json()["code"]) == (403, "not_addressed")
    sibling = await gateway.enter("service_agent", "320104")
    assert (await gateway.post(sibling, f"{path}/acknowledgements", {}, version=1)).status_code == 404
    assert (await gateway.post(agent, f"{path}/acknowledgements", {})).json()["code"] == "if_match_missing"
    read = await gateway.post(agent, f"{path}/acknowledgements", {"note": "已布置"}, version=1)
    assert (read.status_code, read.json()["directive"]) == (
        201, {"id": one["id"], "version": 2, "status": "acknowledged"},
    )  # fmt: skip
    assert (await _open(gateway))["320102"] == ["complete_directive"]
    twice = await gateway.post(agent, f"{path}/acknowledgements", {}, version=2)
    assert (twice.status_code, twice.json()["code"]) == (409, "already_acknowledged")
    done = await gateway.post(agent, f"{path}/completions", {"result": "走访完成"}, version=2)
    assert (done.status_code, done.json()["directive"]["status"]) == (201, "done")
    assert "320102" not in await _open(gateway)
    again = await gateway.post(agent, f"{path}/completions", {}, version=3)
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")
    history = (await gateway.get(head, f"{path}/history")).json()["items"]
    assert [row["action"] for row in history] == ["issue", "acknowledge", "complete"]
    assert (await gateway.get(head, path)).json()["result"] == "走访完成"


async def test_two_who_acknowledge_at_once_do_it_once(gateway: GatewayUnderTest, head: SignedIn) -> None:
    one = (await _issue(gateway, head))["320102"]
    path = f"/v1/directives/{one['id']}/acknowledgements"
    agent = await gateway.enter("service_agent", "320102")
    await gateway.warm()
    answers = await asyncio.gather(*(gateway.post(agent, path, {}, version=1) for _ in range(3)))
    assert sorted(row.status_code for row in answers) == [201, 412, 412]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"unit_codes": ["32"]}, "directive_not_downward"),
        ({"unit_codes": ["320102", "00"]}, "reference_not_found"),
        ({"unit_codes": ["320102", "330102"]}, "reference_not_found"),
        ({"unit_codes": []}, "validation_failed"),
        ({"text": " "}, "validation_failed"),
        ({"due_on": on(-1)}, "due_in_past"),
    ],
)
async def test_a_directive_that_does_not_go_downward_is_refused_whole(
    gateway: GatewayUnderTest, head: SignedIn, changes: dict[str, Any], problem: str
) -> None:
    answer = await gateway.post(head, "/v1/directives", BODY | changes)
    assert (answer.status_code, answer.json()["code"]) == (422, problem)
    assert await gateway.rows(Directive.__table__) == []
    assert await _open(gateway) == {}


async def test_only_a_department_head_issues_and_a_dry_run_issues_nothing(
    gateway: GatewayUnderTest, head: SignedIn
) -> None:
    agent = await gateway.enter("service_agent", "3201")
    refused = await gateway.post(agent, "/v1/directives", BODY)
    assert (refused.status_code, refused.json()["code"]) == (403, "action_not_permitted")
    dry = await gateway.post(head, "/v1/directives?dry_run=true", BODY)
    assert (dry.status_code, len(dry.json()["items"])) == (200, 2)
    assert await gateway.rows(Directive.__table__) == []
    sibling = await gateway.enter("department_head", "3202")
    outside = await gateway.post(sibling, "/v1/directives", BODY)
    assert [one["pointer"] for one in outside.json()["errors"]] == ["#/unit_codes/0", "#/unit_codes/1"]


async def test_what_is_not_done_is_overdue_from_the_day_after_and_can_still_be_done(
    gateway: GatewayUnderTest, head: SignedIn, clock: MovedClock
) -> None:
    one = (await _issue(gateway, head))["320102"]
    clock.set(f"{on(10)}T23:30")
    assert await run_once(gateway.db, OVERDUE) == 0
    clock.set(f"{on(1)}T00:01")
    await gateway.warm()
    done = await asyncio.gather(run_once(gateway.db, OVERDUE), run_once(gateway.db, OVERDUE))
    assert max(done) >= 1
    rows = {row["unit_code"]: row for row in await gateway.rows(Directive.__table__)}
    assert {(row["status"], row["version"]) for row in rows.values()} == {("overdue", 2)}
    assert set(await _open(gateway)) == {"320102", "320104"}
    agent = await gateway.enter("service_agent", "320102")
    path = f"/v1/directives/{one['id']}"
    late = await gateway.post(agent, f"{path}/acknowledgements", {}, version=2)
    assert late.json()["directive"]["status"] == "overdue"
    assert (await gateway.post(agent, f"{path}/completions", {}, version=3)).json()["directive"]["status"] == "done"
    assert await run_once(gateway.db, OVERDUE) == 0


async def test_directives_are_listed_by_state_unit_day_and_issue(gateway: GatewayUnderTest, head: SignedIn) -> None:
    first = await _issue(gateway, head)
    second = await _issue(gateway, head, unit_codes=["320205"], due_on=on(40), text="上报应急预案")

    async def units(query: str) -> list[str]:
        answer = await gateway.get(head, f"/v1/directives?{query}")
        assert answer.status_code == 200, answer.text
        return sorted(one["unit_code"] for one in answer.json()["items"])

    issue_id = first["320102"]["issue_id"]
    assert second["320205"]["issue_id"] != issue_id
    assert await units("status=issued") == ["320102", "320104", "320205"]
    assert await units("unit_code=3202") == ["320205"]
    assert await units(f"issue_id={issue_id}") == ["320102", "320104"]
    assert await units(f"due_before={on(30)}T00:00:00%2B08:00") == ["320102", "320104"]
    assert await units(f"due_on[gte]={on(30)}") == ["320205"]
    assert await units("q=上报") == ["320205"]
    assert await units("status=done") == []
    page = (await gateway.get(head, "/v1/directives?limit=2&sort=due_on&include_total=true")).json()
    assert (len(page["items"]), page["total"]) == (2, 3)
    rest = (await gateway.get(head, f"/v1/directives?limit=2&sort=due_on&cursor={page['next_cursor']}")).json()
    assert [one["unit_code"] for one in rest["items"]] == ["320205"]


async def test_a_directive_and_its_work_item_follow_the_unit(gateway: GatewayUnderTest, head: SignedIn) -> None:
    await _issue(gateway, head)
    tree = Tree(gateway, await gateway.enter("security_admin", "32"))
    assert (await tree.change("320102", "moves", parent_code="3202")).status_code == 201
    assert (await tree.change("320104", "mergers", into_code="320105")).status_code == 201
    rows = {(one["unit_code"], one["org_path"]) for one in await gateway.rows(Directive.__table__)}
    assert rows == {("320102", "00.32.3202.320102"), ("320105", "00.32.3201.320105")}
    items = {(one["unit_code"], one["org_path"]) for one in await gateway.rows(ITEMS)}
    assert items == rows
