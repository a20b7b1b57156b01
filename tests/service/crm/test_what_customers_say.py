"""What customers think, need and say of their data in a visit, and whose matter it becomes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.crm.finding.handlers import TICKS
from shared.clock import process_now
from shared.ticks import run_once
from tests.support.crm_world import AGENT, C1, GOOD, HEAD, SIBLING, CrmWorld, body
from tests.support.tokens import actor

BRANCH_HEAD = actor("department_head", "00.32")


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json()


OPINION = {"topic": "claims", "polarity": "negative", "text": "理赔太慢"}
DEMAND = {"product_need": "短期境外意外险", "estimated_premium": "1200.00"}


async def test_an_opinion_is_routed_and_answered_back_once(world: CrmWorld) -> None:
    await world.put(**body())
    visit = await world.visit()
    product = OPINION | {"topic": "product", "polarity": "neutral"}
    done = (await world.complete(visit["id"], opinions=[OPINION, product])).json()
    assert [one["status"] for one in done["opinions"]] == ["routed", "routed"]
    items = {str(one["record_id"]): one for one in await world.rows("work_items") if one["kind"] == "answer_opinion"}
    assert [(items[one["id"]]["unit_code"], items[one["id"]]["priority"]) for one in done["opinions"]] == [
        ("3201", "high"), ("32", "normal"),
    ]  # fmt: skip
    path = f"/v1/opinions/{done['opinions'][0]['id']}"
    answer = await world.service.post(HEAD, f"{path}/answers", {"text": "已加派人手"}, version=1)
    assert answer.json()["opinion"]["status"] == "answered"
    again = await world.service.post(HEAD, f"{path}/answers", {"text": "再答"}, version=2)
    refused(again, 409, "opinion_answered")
    [notice] = await world.rows("notices")
    assert (notice["channel"], notice["state"], notice["body"]) == (
        "phone", "queued", "告知客户：您反映的意见已答复。已加派人手",
    )  # fmt: skip
    read = (await world.service.get(HEAD, path)).json()
    assert (read["answer"], read["available_actions"][0]["allowed"]) == ("已加派人手", False)
    assert (await world.service.get(SIBLING, path)).status_code == 404
    for query, count in {"status=routed": 1, "topic=claims": 1, "polarity=negative": 1, f"customer_id={C1}": 2}.items():
        listed = (await world.service.get(AGENT, f"/v1/opinions?{query}")).json()
        assert len(listed["items"]) == count, query


async def test_an_opinion_about_nothing_we_know_is_refused_with_the_whole_visit(world: CrmWorld) -> None:
    visit = await world.visit()
    refused(await world.complete(visit["id"], opinions=[OPINION | {"topic": "weather"}]), 422, "validation_failed")
    assert [one["status"] for one in await world.rows("return_visits")] == ["planned"]


@pytest.mark.parametrize("outcome", ["adopted", "rejected"])
async def test_a_demand_is_reviewed_and_its_end_is_told_to_the_customer(world: CrmWorld, outcome: str) -> None:
    await world.put(**body())
    visit = await world.visit()
    [demand] = (await world.complete(visit["id"], demands=[DEMAND])).json()["demands"]
    path = f"/v1/demands/{demand['id']}"
    seen = await world.service.post(
        BRANCH_HEAD, f"{path}/reviews", {"outcome": "reviewed", "text": "交产品部"}, version=1
    )
    assert (seen.json()["demand"]["status"], "notice_id" in seen.json()) == ("reviewed", False)
    ended = await world.service.post(
        BRANCH_HEAD, f"{path}/reviews", {"outcome": outcome, "text": "明年上市"}, version=2
    )
    assert ended.json()["demand"]["status"] == outcome
    [notice] = await world.rows("notices")
    assert (notice["kind"], notice["record_type"]) == (f"demand_{outcome}", "demand")
    again = await world.service.post(BRANCH_HEAD, f"{path}/reviews", {"outcome": "reviewed", "text": "x"}, version=3)
    refused(again, 409, "state_conflict")
    assert (await world.service.get(AGENT, path)).json()["estimated_premium"] == "1200.00"
    assert (
        await world.service.post(HEAD, f"{path}/reviews", {"outcome": "adopted", "text": "x"}, version=3)
    ).status_code == 403


async def test_what_the_customer_says_of_his_data_is_compared_and_a_difference_is_a_finding(world: CrmWorld) -> None:
    await world.put(**body())
    visit = await world.visit()
    stated = [
        {"field": "phone", "stated": "0250 0000 001"}, {"field": "email", "stated": "new@example.com"},
    ]  # fmt: skip
    done = (await world.complete(visit["id"], stated=stated, mismatches=["address"])).json()
    checks = {one["field"]: one for one in done["data_checks"]}
    assert {field: (one["match"], one["status"]) for field, one in checks.items()} == {
        "phone": (True, "confirmed"), "email": (False, "open"), "address": (False, "open"),
    }  # fmt: skip
    assert [(one["source"], one["area"]) for one in done["findings"]] == [
        ("address", "customer_data"), ("email", "customer_data"),
    ]  # fmt: skip
    [stored] = [one for one in await world.rows("data_checks") if one["field"] == "email"]
    assert (stored["stored"], stored["stated"]) == ("canary@example.com", "new@example.com")
    finding = checks["email"]["finding_id"]
    early = await world.follow_up(finding, who=AGENT, action="corrected")
    assert refused(early, 409, "data_still_differ")["fields"] == ["email"]
    assert (await world.put(**body(2, email="new@example.com"))).status_code == 200
    assert (await world.follow_up(finding, who=AGENT, action="corrected")).status_code == 201
    right = await world.follow_up(checks["address"]["finding_id"], who=AGENT, action="no_fault_found")
    assert right.status_code == 201
    ended = {one["field"]: one["status"] for one in await world.rows("data_checks")}
    assert ended == {"phone": "confirmed", "email": "corrected", "address": "confirmed"}
    assert (await world.rows("return_visits"))[0]["status"] == "followed_up"


async def test_data_may_be_checked_outside_of_a_visit(world: CrmWorld) -> None:
    await world.put(**body())
    path = f"/v1/customers/{C1}/data-checks"
    told = (await world.service.post(AGENT, path, {"field": "phone", "stated": "025-00000009"})).json()
    assert (told["match"], told["status"], told["stated"]) == (False, "open", "025*****0009")
    [finding] = await world.rows("findings")
    assert (finding["source"], finding["about_kind"], str(finding["id"])) == ("phone", "customer", told["finding_id"])
    assert await world.subjects() == ["crm.customer.registered.v1", "crm.finding.raised.v1"]
    assert (await world.service.post(SIBLING, path, {"field": "phone", "stated": "1"})).status_code == 404


async def test_a_finding_says_whose_matter_it_is_and_climbs_once_when_its_day_is_over(
    world: CrmWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = await world.visit()
    done = await world.complete(visit["id"], answers=GOOD["claim_settlement"] | {"favours_demanded": "yes"})
    [finding] = done.json()["findings"]
    read = (await world.service.get(AGENT, f"/v1/findings/{finding['id']}")).json()
    assert read["owner"] == {"service": "complaints", "unit_code": "3201", "position": "department_head"}
    assert read["due_on"] > process_now().date().isoformat()
    assert await run_once(world.service.db, TICKS[0]) == 0
    clock = tmp_path / "clock"
    clock.write_text(str(timedelta(days=60).total_seconds()), encoding="ascii")
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(clock))
    assert await run_once(world.service.db, TICKS[0]) == 1
    assert await run_once(world.service.db, TICKS[0]) == 0
    raised = [one for one in await world.rows("work_items") if one["kind"] == "escalated_finding"]
    assert [one["unit_code"] for one in raised] == ["32"]


async def test_mis_selling_goes_to_the_complaint_officer_of_the_branch(world: CrmWorld) -> None:
    await world.take(world.issued(uuid4()))
    [row] = await world.rows("return_visits")
    done = await world.complete(row["id"], answers={**GOOD["underwriting"], "exclusions_clear": "no"})
    [finding] = done.json()["findings"]
    [item] = [one for one in await world.rows("work_items") if one["kind"] == "finding"]
    assert (item["unit_code"], item["position"], item["priority"]) == ("32", "complaint_officer", "high")
    officer = actor("complaint_officer", "00.32")
    assert (await world.follow_up(finding["id"], who=officer)).status_code == 201
