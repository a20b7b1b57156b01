"""Visits by every rule, batches, who is left alone, and the editions that are asked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.crm.customer.tables import Customer
from shared.actor import machine
from shared.clock import process_now, rfc3339
from tests.support.crm_world import AGENT, C1, SIBLING, SUB, CrmWorld
from tests.support.tokens import actor, person

BRANCH_HEAD = actor("department_head", "00.32")
SURVEYED = {
    "surveyor_came": "yes", "arrival_prompt": "within_promise", "attitude": "5", "favours_demanded": "no",
}  # fmt: skip


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json()


def long_term(today: date) -> dict[str, Any]:
    """An individual's accident policy of three years."""
    ends = rfc3339(process_now() + timedelta(days=1096))
    return {"period": {"starts_at": rfc3339(process_now()), "ends_at": ends}, "issued_on": today.isoformat()}


async def received(world: CrmWorld, policy: UUID, on: date) -> None:
    told = {"policy_id": str(policy), "item": "policy", "received_on": on.isoformat(), "days_taken": 1}
    await world.hear("policy.document.delivered.v1", policy, told)


@pytest.mark.parametrize("order", ["issued first", "received first"])
async def test_a_long_contract_is_asked_about_until_the_time_to_give_it_back_is_over(
    world: CrmWorld, order: str
) -> None:
    today, policy = process_now().date(), uuid4()
    issued = world.issued(policy, **long_term(today - timedelta(days=3)))
    if order == "issued first":
        await world.take(issued)
        [before] = await world.rows("return_visits")
        assert before["due_on"] == today + timedelta(days=12)
    await received(world, policy, today)
    await received(world, policy, today + timedelta(days=4))
    if order == "received first":
        await world.take(issued)
    [visit] = await world.rows("return_visits")
    assert (visit["kind"], visit["due_on"], visit["due"]["id"]) == (
        "cooling_off", today + timedelta(days=15), "DL-RV-5",
    )  # fmt: skip
    [item] = await world.rows("work_items")
    assert item["due_at"] == visit["due_at"]
    read = (await world.service.get(AGENT, f"/v1/return-visits/{visit['id']}")).json()
    asked = [one["code"] for one in read["questionnaire"]["questions"]]
    assert {"surrender_loss_known", "cooling_off_known", "instalments_known"} <= set(asked)


async def test_on_the_day_of_the_survey_the_customer_is_asked_whether_it_was_prompt(world: CrmWorld) -> None:
    claim, surveyor = uuid4(), person("surveyor of the claim")
    done = {"claim_id": str(claim), "duty": "surveyor", "person_id": str(surveyor)}
    await world.hear("claims.duty.taken.v1", claim, done)
    assert await world.rows("return_visits") == []
    await world.take(world.reported(claim))
    await world.hear("claims.duty.taken.v1", claim, done)
    [visit] = await world.rows("return_visits")
    assert (visit["kind"], visit["due_on"]) == ("survey_promptness", process_now().date())
    late = uuid4()
    await world.take(world.reported(late))
    long_ago = process_now() - timedelta(days=9)
    await world.hear("claims.duty.taken.v1", late, done | {"claim_id": str(late)}, at=long_ago)
    assert len(await world.rows("return_visits")) == 1
    said = await world.complete(visit["id"], answers=SURVEYED | {"surveyor_came": "no"})
    [finding] = said.json()["findings"]
    assert (finding["area"], finding["severity"]) == ("claims", "high")


async def test_a_cancelled_claim_is_not_asked_about(world: CrmWorld) -> None:
    claim = uuid4()
    await world.take(world.reported(claim))
    done = {"claim_id": str(claim), "duty": "surveyor", "person_id": str(uuid4())}
    await world.hear("claims.duty.taken.v1", claim, done)
    await world.take(world.of_claim("cancelled", claim, version=7, reason_code="duplicate"))
    assert [one["status"] for one in await world.rows("return_visits")] == ["cancelled"]


async def test_whoever_was_asked_is_left_alone_by_a_sample_and_the_officer_sees_why(world: CrmWorld) -> None:
    asked = await world.visit()
    assert (await world.complete(asked["id"])).status_code == 201
    policies = [uuid4() for _ in range(40)]
    await world.take(*(world.issued(one, line="liability", business="group") for one in policies))
    left = await world.rows("return_visits", kind="underwriting")
    assert left
    assert {(one["status"], one["cancelled_by"]) for one in left} == {("cancelled", "cool_down")}
    read = (await world.service.get(AGENT, f"/v1/return-visits/{left[0]['id']}")).json()
    assert read["left_alone"]["because"]["id"] == asked["id"]
    assert read["resting"] == read["left_alone"]
    assert [one["closed_at"] for one in await world.rows("work_items") if one["kind"] == "return_visit"] != []
    listed = await world.service.get(AGENT, "/v1/return-visits?cancelled_by=cool_down&include_total=true")
    assert listed.json()["total"] == len(left)
    # what everybody is asked is asked all the same
    await world.take(world.settled(uuid4()), world.issued(uuid4()))
    assert len([one for one in await world.rows("return_visits") if one["status"] == "planned"]) == 2


async def test_a_sample_is_the_same_whenever_it_is_drawn(world: CrmWorld) -> None:
    policies = [UUID(int=n) for n in range(1, 41)]
    await world.take(*(world.issued(one, uuid4(), line="liability", business="group") for one in policies))
    first = {one["about_id"] for one in await world.rows("return_visits")}
    await world.take(*(world.issued(one, uuid4(), line="liability", business="group") for one in reversed(policies)))
    assert {one["about_id"] for one in await world.rows("return_visits")} == first


async def batch(world: CrmWorld, ids: list[UUID], who: Any = AGENT, **changes: Any) -> Any:
    said = {
        "kind": "underwriting", "due_on": (process_now().date() + timedelta(days=9)).isoformat(), "reason": "新品回访",
        "items": [{"ref": str(n), "about_id": str(one)} for n, one in enumerate(ids)],
    }  # fmt: skip
    return await world.service.post(who, "/v1/return-visits/batches", said | changes)


async def test_a_batch_says_of_every_line_what_became_of_it(world: CrmWorld) -> None:
    rested, fresh = uuid4(), uuid4()
    visited = await world.visit()
    await world.complete(visited["id"])
    group: dict[str, Any] = {"line": "liability", "business": "group", "issued_on": "2026-01-05"}
    await world.take(world.issued(rested, **group), world.issued(fresh, uuid4(), **group))
    told = (await batch(world, [rested, fresh, fresh, uuid4()])).json()
    assert [one["outcome"] for one in told["results"]] == ["left_alone", "planned", "already_planned", "not_found"]
    assert told["results"][0]["left_alone"]["because"]["id"] == visited["id"]
    assert (told["planned"], told["left_out"]) == (1, 3)
    [row] = await world.rows("return_visits", about_id=fresh)
    assert (str(row["batch_id"]), row["trigger"]) == (told["id"], -1)
    other = (await batch(world, [fresh], who=SIBLING)).json()
    assert [one["outcome"] for one in other["results"]] == ["not_found"]
    yesterday = (process_now().date() - timedelta(days=1)).isoformat()
    refused(await batch(world, [fresh], due_on=yesterday), 422, "due_in_past")


async def test_the_account_manager_does_not_ask_his_own_customer(world: CrmWorld) -> None:
    visit = await world.visit()
    manager = actor("service_agent", SUB, name="manager of C1")
    async with world.service.db.transaction(machine("crm")) as tx:
        customer = await tx.find(Customer, C1)
        customer.manager_id = manager.person_id
    told = refused(await world.complete(visit["id"], who=manager), 403, "separation_of_duties")
    assert told["conflicting_duty"] == "account_manager"


# ------------------------------------------------------------------------------------------------------ questionnaires

EDITION = {
    "purpose": "claim_settlement", "code": "claim_visit", "title": {"zh": "理赔回访", "en": "Claim visit"},
    "questions": [
        {"code": "paid", "text_zh": "赔款是否到账？", "text_en": "Has the money come?", "answers": ["yes", "no"],
         "labels": {"yes": {"zh": "是", "en": "Yes"}, "no": {"zh": "否", "en": "No"}},
         "negative": ["no"], "points": {"yes": 100, "no": 0}, "area": "claims", "severity": "high"},
        {"code": "since", "form": "text", "text_zh": "从何时起未到账？", "text_en": "Since when not?",
         "asked_if": {"question": "paid", "answers": ["no"]}},
        {"code": "content", "form": "scale", "text_zh": "满意度", "text_en": "How content are you?"},
    ],
}  # fmt: skip
DRAFTER = actor("service_agent", "00.32", name="drafter")


async def drafted(world: CrmWorld, who: Any = DRAFTER, **changes: Any) -> Any:
    return await world.service.post(who, "/v1/questionnaires", EDITION | changes)


async def approved(world: CrmWorld, questionnaire: dict[str, Any], who: Any = BRANCH_HEAD) -> Any:
    path = f"/v1/questionnaires/{questionnaire['id']}/approvals"
    return await world.service.post(who, path, {}, version=questionnaire["version"])


async def test_an_edition_is_asked_once_somebody_else_approved_it_and_until_the_next_one(world: CrmWorld) -> None:
    visit = await world.visit()
    first = (await drafted(world)).json()
    assert (first["edition"], first["status"]) == (1, "draft")
    read = (await world.service.get(AGENT, f"/v1/return-visits/{visit['id']}")).json()
    assert read["questionnaire"]["version"] == "2026-2"
    own = actor("department_head", "00.32", name="drafter")
    assert refused(await approved(world, first, own), 403, "separation_of_duties")["conflicting_duty"] == "drafter"
    assert (await approved(world, first)).status_code == 201
    refused(await approved(world, first | {"version": 2}), 409, "state_conflict")
    read = (await world.service.get(AGENT, f"/v1/return-visits/{visit['id']}")).json()
    assert read["questionnaire"]["version"] == "claim_visit/1"
    bad = {"paid": "no", "since": "一周前", "content": "2"}
    refused(await world.complete(visit["id"], answers={"paid": "yes", "since": "x", "content": "2"}), 422,
            "validation_failed")  # fmt: skip
    done = (await world.complete(visit["id"], answers=bad)).json()
    assert (done["score"], [one["source"] for one in done["findings"]]) == (13, ["paid"])
    second = (await drafted(world)).json()
    assert (await approved(world, second)).json()["retired_id"] == first["id"]
    statuses = {one["edition"]: one["status"] for one in await world.rows("questionnaires")}
    assert statuses == {1: "retired", 2: "approved"}
    # what was asked stays what it was
    read = (await world.service.get(AGENT, f"/v1/return-visits/{visit['id']}")).json()
    assert read["questionnaire"]["version"] == "claim_visit/1"


async def test_a_faulty_edition_is_refused_and_one_without_what_must_be_asked(world: CrmWorld) -> None:
    twice = [EDITION["questions"][0], EDITION["questions"][0]]
    told = refused(await drafted(world, questions=twice), 422, "questionnaire_faulty")
    assert [one["pointer"] for one in told["errors"]] == ["#/questions/1/code"]
    told = refused(await drafted(world, purpose="cooling_off"), 422, "required_items_missing")
    assert len(told["missing"]) == 7
    assert (await drafted(world, who=AGENT)).status_code == 403
    assert await world.rows("questionnaires") == []
