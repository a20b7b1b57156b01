"""One inbox over all services: merged page by page, counted, and moved between units, with a result for each item."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.claims.survey.tables import Dispatch
from shared.kernel import kernel
from shared.open_tasks import task_grants
from tests.service.claims.test_intake import report
from tests.support import engines
from tests.support.inbox_world import HEAD, OTHER_SUB, SUB, World, inbox_world, person


@pytest.fixture
async def world(
    database_urls: Mapping[str, str], owner_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[World]:
    async with inbox_world(database_urls, tmp_path) as found:
        yield found


async def test_pages_of_all_sources_follow_each_other_in_one_order(world: World):
    opened = []
    for n in range(9):
        service = ("claims", "crm")[n % 2]
        due = None if n > 6 else timedelta(hours=(n * 7) % 48)
        opened.append(await world.open(service, due=due))
    head = await world.gate.enter("department_head", HEAD)
    whole = (await world.items(head))["items"]
    assert {UUID(one["id"]) for one in whole} == set(opened)
    assert {one["service"] for one in whole} == {"claims", "crm"}
    dues = [one.get("due_at", "~") for one in whole]
    assert dues == sorted(dues)
    found, cursor = [], ""
    while True:
        page = await world.items(head, f"?limit=2{cursor}")
        assert len(page["items"]) <= 2
        found += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == whole


async def test_a_key_account_moves_up_within_its_day_and_never_around_what_is_due_earlier(world: World):
    plain = await world.open("claims", due=timedelta(hours=1))
    key = await world.open("crm", due=timedelta(hours=5), priority="key_account")
    tomorrow = await world.open("crm", due=timedelta(hours=25), priority="key_account")
    late = await world.open("claims", due=timedelta(hours=24))
    head = await world.gate.enter("department_head", HEAD)
    order = [UUID(one["id"]) for one in (await world.items(head))["items"]]
    assert order == [key, plain, tomorrow, late]
    paged = [UUID((await world.items(head, "?limit=1"))["items"][0]["id"])]
    cursor = (await world.items(head, "?limit=1"))["next_cursor"]
    rest = await world.items(head, f"?limit=10&cursor={cursor}".replace("limit=10", "limit=10"))
    assert paged + [UUID(one["id"]) for one in rest["items"]] == order


async def test_a_cursor_serves_its_own_filters_alone(world: World):
    for _ in range(3):
        await world.open("claims", due=timedelta())
    head = await world.gate.enter("department_head", HEAD)
    cursor = (await world.items(head, "?limit=1"))["next_cursor"]
    for query in (f"?limit=1&kind=do&cursor={cursor}", f"?cursor={cursor[:-3]}AAA", "?cursor=nonsense"):
        answer = await world.gate.get(head, f"/v1/work-items{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid"), query


async def test_filters_mean_the_same_in_every_source_and_the_counts_agree(world: World):
    agent = await world.gate.enter("service_agent", SUB)
    await world.open("claims", "survey", due=timedelta(days=-30), person_id=UUID(agent.id))
    await world.open("crm", "return_visit", due=timedelta(days=2))
    await world.open("crm", "return_visit", unit_code=OTHER_SUB, org_path="00.32.3202.320205")
    head = await world.gate.enter("department_head", HEAD)

    async def count(query: str) -> int:
        return len((await world.items(head, query))["items"])

    assert await count("") == 3
    assert await count("?kind=survey") == 1
    assert await count(f"?assignee={agent.id}") == 1
    assert await count("?assignee=none") == 2
    assert await count(f"?assignee=none&assignee={agent.id}") == 3
    assert await count("?unit_code=3202") == 1
    assert await count("?unit_code=3201&unit_code=3202") == 3
    assert await count("?unit_code=33") == 0
    assert await count("?due_before=2026-12-02T00:00:00%2B08:00") == 1
    told = (await world.gate.get(head, "/v1/work-items/counts?group_by=unit,kind")).json()["items"]
    assert sum(one["open"] for one in told) == 3
    assert {(one["unit_code"], one["kind"], one["open"]) for one in told} == {
        (SUB, "survey", 1), (SUB, "return_visit", 1), (OTHER_SUB, "return_visit", 1),
    }  # fmt: skip
    mine = (await world.gate.get(agent, "/v1/work-items/counts?group_by=person&assignee=me")).json()["items"]
    assert [(one["assignee_person_id"], one["open"]) for one in mine] == [(agent.id, 1)]
    bad = await world.gate.get(head, "/v1/work-items/counts?group_by=colour")
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid_parameter")


async def test_another_branch_counts_and_sees_nothing(world: World):
    await world.open("claims")
    await world.open("crm", org_path="00.33.3301.330101", unit_code="330101")
    central = await world.gate.enter("department_head", "3202")
    assert (await world.items(central))["items"] == []
    counted = await world.gate.get(central, "/v1/work-items/counts?group_by=unit,person,kind")
    assert counted.json()["items"] == []
    head = await world.gate.enter("department_head", HEAD)
    assert len((await world.items(head))["items"]) == 1


async def test_directives_stand_in_the_same_inbox_and_cannot_be_moved(world: World):
    head = await world.gate.enter("department_head", HEAD)
    body = {"unit_codes": ["3201"], "text": "Check all files", "due_on": "2030-01-01"}
    assert (await world.gate.post(head, "/v1/directives", body)).status_code == 201
    [item] = (await world.items(head))["items"]
    assert (item["service"], item["kind"]) == ("organisation", "acknowledge_directive")
    answer = await world.move(head, [item["id"]], to_unit_code="3202")
    [result] = answer.json()["results"]
    assert (result["status"], result["problem"]["code"]) == (409, "addressed_to_unit")


async def test_work_goes_to_another_central_branch_and_its_record_opens_to_that_person_alone(world: World):
    agent, head = await world.gate.enter("service_agent", SUB), await world.gate.enter("department_head", HEAD)
    other = await world.gate.enter("service_agent", OTHER_SUB)
    claim = (await world.gate.post(agent, "/v1/claims", report())).json()
    assert (await world.gate.get(other, f"/v1/claims/{claim['id']}")).status_code == 404
    item = next(one for one in (await world.items(head))["items"] if one["position"] == "service_agent")
    moved = await world.move(head, [item["id"]], to_unit_code=OTHER_SUB, key="once")
    assert moved.status_code == 200, moved.text
    [result] = moved.json()["results"]
    assert (result["ref"], result["status"]) == (item["id"], 200), result
    assert result["data"]["unit_code"] == OTHER_SUB
    chosen = result["data"]["assignee_person_id"]
    seen = (await world.items(other))["items"]
    if chosen == other.id:
        assert [one["id"] for one in seen] == [item["id"]]
        assert (await world.gate.get(other, f"/v1/claims/{claim['id']}")).status_code == 200
    grants = await world.rows("claims", task_grants, task_grants.c.closed_at.is_(None))
    assert [str(one["person_id"]) for one in grants] == [chosen]
    history = (await world.gate.get(agent, f"/v1/claims/{claim['id']}/history")).json()["items"]
    assert [one["action"] for one in history][-1] == "reassign"
    again = await world.move(head, [item["id"]], to_unit_code=OTHER_SUB, key="once")
    assert (again.content, again.headers["idempotency-replayed"]) == (moved.content, "true")
    back = (await world.move(head, [item["id"]], to_unit_code=SUB)).json()["results"][0]
    assert (back["status"], "assignee_person_id" in back["data"]) == (200, False)
    assert await world.rows("claims", task_grants, task_grants.c.closed_at.is_(None)) == []
    assert (await world.gate.get(other, f"/v1/claims/{claim['id']}")).status_code == 404


async def test_the_owner_of_the_record_judges_each_item_by_itself(world: World):
    agent, head = await world.gate.enter("service_agent", SUB), await world.gate.enter("department_head", HEAD)
    claim = (await world.gate.post(agent, "/v1/claims", report())).json()
    surveyors = [(await world.gate.person(person("surveyor", unit)))["id"] for unit in ("3201", "3202")]
    sent = await world.gate.post(
        head, f"/v1/claims/{claim['id']}/dispatches", {"surveyor_person_id": str(surveyors[0])},
        version=claim.get("version", 1),
    )  # fmt: skip
    assert sent.status_code == 201, sent.text
    [survey] = (await world.items(head, "?kind=survey"))["items"]
    visit, unknown = await world.open("crm"), uuid4()
    to = str(surveyors[1])
    results = (await world.move(head, [survey["id"], visit, unknown], to_person_id=to)).json()["results"]
    assert [one["status"] for one in results] == [200, 422, 404]
    assert results[1]["problem"]["code"] == "not_in_position"
    assert [one["ref"] for one in results] == [survey["id"], str(visit), str(unknown)]
    sent_to = [one["surveyor_person_id"] for one in await world.rows("claims", Dispatch.__table__)]
    assert sent_to == surveyors
    adjuster = (await world.gate.person(person("adjuster", "3201")))["id"]
    [wrong] = (await world.move(head, [survey["id"]], to_person_id=str(adjuster))).json()["results"]
    assert (wrong["status"], wrong["problem"]["code"]) == (422, "not_in_position")
    [same] = (await world.move(head, [survey["id"]], to_person_id=to)).json()["results"]
    assert (same["status"], same["problem"]["code"]) == (409, "already_theirs")
    entries = kernel.tables["audit_entries"]
    refused = await world.rows("claims", entries, entries.c.outcome == "refused")
    assert [(one["action"], str(one["object_id"])) for one in refused] == [("reassign", survey["id"])]
    at_gate = await world.rows("gateway", entries, entries.c.outcome == "refused")
    assert [str(one["object_id"]) for one in at_gate] == [str(unknown)]


async def test_a_head_moves_work_within_his_own_scope_only(world: World):
    item = await world.open("claims")
    foreign = await world.open("claims", org_path="00.32.3202.320205", unit_code=OTHER_SUB)
    central = await world.gate.enter("department_head", "3201")
    theirs = (await world.gate.person(person("service_agent", OTHER_SUB)))["id"]
    for goal in ({"to_person_id": str(theirs)}, {"to_unit_code": OTHER_SUB}, {"to_unit_code": "32"}):
        [result] = (await world.move(central, [item], **goal)).json()["results"]
        assert (result["status"], result["problem"]["code"]) == (422, "reference_not_found"), goal
    [hidden] = (await world.move(central, [foreign], to_unit_code="320104")).json()["results"]
    assert (hidden["status"], hidden["problem"]["code"]) == (404, "not_found")
    agent = await world.gate.enter("service_agent", SUB)
    assert (await world.move(agent, [item], to_unit_code="320104")).status_code == 403
    both = await world.move(central, [item], to_unit_code="320104", to_person_id=str(theirs))
    assert (both.status_code, both.json()["code"]) == (422, "validation_failed")
    assert (await world.move(central, [], to_unit_code="320104")).status_code == 422


async def test_a_hundred_items_twice_at_once_are_moved_once(world: World):
    items = [await world.open(("claims", "crm")[n % 2]) for n in range(20)]
    head = await world.gate.enter("department_head", HEAD)
    answers = await asyncio.gather(*(world.move(head, items, to_unit_code="3201", key="bulk") for _ in range(2)))
    codes = sorted(one.status_code for one in answers)
    assert codes in ([200, 200], [200, 409])
    final = await world.move(head, items, to_unit_code="3201", key="bulk")
    assert {one["status"] for one in final.json()["results"]} == {200}
    for service in ("claims", "crm"):
        lines = await world.rows(service, kernel.tables["history"])
        assert len([one for one in lines if one["action"] == "reassign"]) == 10


async def test_a_service_that_does_not_answer_is_named_and_its_items_stay_open_questions(world: World):
    item = await world.open("claims")
    world.gate.app.state.upstreams.services["policy"] = _nobody(world)
    head = await world.gate.enter("department_head", HEAD)
    page = await world.items(head)
    assert (page["partial"], len(page["items"])) == (["policy"], 1)
    assert (await world.gate.get(head, "/v1/work-items/counts")).json()["partial"] == ["policy"]
    unknown = uuid4()
    first = (await world.move(head, [item, unknown], to_unit_code="3201", key="rest")).json()["results"]
    assert [one["status"] for one in first] == [200, 503]
    del world.gate.app.state.upstreams.services["policy"]
    again = (await world.move(head, [item, unknown], to_unit_code="3201", key="rest")).json()["results"]
    assert [one["status"] for one in again] == [200, 404]


def _nobody(world: World) -> Any:
    from gateway.forwarding.upstreams import Upstream

    upstreams = world.gate.app.state.upstreams
    return Upstream("policy", ["http://localhost:1"], upstreams._pool)
