"""Surveys: planned, approved, drawn, answered once, closed, ranked where enough answered, and what comes of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.crm.improvement.handlers import TICKS
from shared.clock import process_now
from shared.ticks import run_once
from tests.support.crm_world import AGENT, CrmWorld
from tests.support.survey_world import DRAFTER, HEAD, OWNER, SurveyWorld, days_on
from tests.support.tokens import actor


@pytest.fixture
async def surveys(world: CrmWorld) -> SurveyWorld:
    made = SurveyWorld(world)
    await made.begin()
    return made


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json()


def move_clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, days: int) -> None:
    clock = tmp_path / "clock"
    clock.write_text(str(timedelta(days=days).total_seconds()), encoding="ascii")
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(clock))


# ---------------------------------------------------------------------------------------------------- plan and approval


def plan(**changes: Any) -> dict[str, Any]:
    today = process_now().date()
    return {
        "code": "claims_mid", "title": {"zh": "理赔", "en": "Claims"}, "starts_on": str(today),
        "closes_on": str(days_on(9)), "touch_points": ["claim"], "owner_staff_no": OWNER.staff_no,
    } | changes  # fmt: skip


async def put_plan(surveys: SurveyWorld, entries: list[dict[str, Any]], who: Any = HEAD, **options: Any) -> Any:
    year = process_now().year
    return await surveys.world.service.call(who, "PUT", f"/v1/survey-plans/{year}", {"entries": entries}, **options)


async def test_the_plan_of_a_year_is_put_by_the_branch_and_replaced_on_its_version(surveys: SurveyWorld) -> None:
    first = await put_plan(surveys, [plan()])
    assert (first.status_code, first.json()["version"], first.headers["etag"]) == (200, 1, '"1"')
    refused(await put_plan(surveys, []), 428, "if_match_missing")
    refused(await put_plan(surveys, [], version=7), 412, "version_stale")
    assert (await put_plan(surveys, [plan(), plan(code="claims_end")], version=1)).json()["version"] == 2
    listed = await surveys.world.service.get(HEAD, "/v1/survey-plans")
    assert [len(one["entries"]) for one in listed.json()["items"]] == [2]
    refused(await put_plan(surveys, [plan(), plan()], version=2), 422, "validation_failed")
    refused(await put_plan(surveys, [plan(owner_staff_no="nobody")], version=2), 422, "reference_not_found")
    assert (await put_plan(surveys, [], who=DRAFTER, version=2)).status_code == 403


async def test_a_survey_in_the_plan_needs_no_reason_another_one_does(surveys: SurveyWorld) -> None:
    await put_plan(surveys, [plan()])
    questionnaire = (await surveys.questionnaire())["id"]
    planned = await surveys.draft(questionnaire_id=questionnaire, plan_code="claims_mid", reason=None)
    assert (planned["status"], planned["plan_code"]) == ("draft", "claims_mid")
    said = surveys.said(questionnaire, plan_code="nothing", reason=None)
    refused(await surveys.world.service.post(DRAFTER, "/v1/surveys", said), 422, "survey_not_planned")
    past = surveys.said(questionnaire, starts_on=str(days_on(-1)))
    refused(await surveys.world.service.post(DRAFTER, "/v1/surveys", past), 422, "survey_period_wrong")
    elsewhere = said | {"reason": "x", "frame": said["frame"] | {"unit_codes": ["3301"]}}
    refused(await surveys.world.service.post(DRAFTER, "/v1/surveys", elsewhere), 422, "reference_not_found")


async def test_a_survey_is_approved_by_somebody_else_and_only_with_approved_questions(surveys: SurveyWorld) -> None:
    draft = await surveys.questionnaire("unapproved", approve=False)
    survey = await surveys.draft(questionnaire_id=draft["id"])
    path = f"/v1/surveys/{survey['id']}/approvals"
    approve = surveys.world.service.post
    refused(await approve(HEAD, path, {}, version=1), 422, "questionnaire_not_approved")
    [action] = [one for one in (await surveys.read(survey["id"]))["available_actions"] if one["action"] == "approve"]
    assert (action["allowed"], action["reason"]["code"]) == (False, "questionnaire_not_approved")
    await surveys.post(HEAD, f"/v1/questionnaires/{draft['id']}/approvals", {}, version=1)
    own = actor("department_head", "00.32", name="drafter of surveys")
    assert (
        refused(await approve(own, path, {}, version=1), 403, "separation_of_duties")["conflicting_duty"] == "drafter"
    )
    assert (await approve(HEAD, path, {}, version=1)).json()["survey"]["status"] == "approved"
    refused(await approve(HEAD, path, {}, version=2), 409, "state_conflict")


# ----------------------------------------------------------------------------------------------------------- the sample


async def test_the_sample_leaves_out_whoever_is_not_to_be_asked_and_says_how_many(surveys: SurveyWorld) -> None:
    await surveys.settled(3)
    [without] = await surveys.settled(1, phone=None)
    [visited] = await surveys.settled(1)
    [complains] = await surveys.settled(1)
    world = surveys.world
    await world.hear("complaints.complaint.registered.v1", complains, {
        "complaint_id": str(complains), "customer_id": str(complains), "channel": "phone", "cause": "delay",
    })  # fmt: skip
    visit = await world.visit(customer_id=str(visited))
    assert (await world.complete(visit["id"])).status_code == 201
    await surveys.settled(2, unit="3202", product="school_liability")
    survey, links = await surveys.running(frame=surveys.said("x")["frame"] | {"products": ["public_liability"]})
    assert survey["status"] == "running"
    assert survey["sample"] == {
        "invited": 3,
        "units": {
            "3201": {"frame": 6, "invited": 3, "left_out": {"complaint_open": 1, "cool_down": 1, "no_address": 1}},
        },
    }  # fmt: skip
    assert len(set(links)) == 3
    asked = {one["customer_id"] for one in await world.rows("survey_invitations")}
    assert not asked & {without, visited, complains}
    # once invited they are left alone by the next survey
    again, none = await surveys.running(frame=surveys.said("x")["frame"])
    assert again["sample"]["units"]["3201"]["left_out"]["cool_down"] == 4
    assert len(none) == 2


async def test_each_unit_gives_its_own_sample_of_the_size_wanted(surveys: SurveyWorld) -> None:
    await surveys.settled(9)
    await surveys.settled(4, unit="3202")
    survey, links = await surveys.running(sample_per_unit=5)
    assert {code: one["invited"] for code, one in survey["sample"]["units"].items()} == {"3201": 5, "3202": 4}
    assert len(links) == 9
    assert await surveys.pass_time("surveys_started") == 0
    [body] = {one["body"].rpartition("：")[0] for one in await surveys.world.rows("notices")}
    assert body == f"【客户服务】诚邀您评价我们的服务，{survey['closes_on']}前有效，仅可填写一次"


# ------------------------------------------------------------------------------------------------------------- answers


async def test_a_link_takes_one_answer_also_of_two_at_once(surveys: SurveyWorld) -> None:
    await surveys.settled(2)
    survey, [first, second] = await surveys.running()
    form = await surveys.world.service.call(
        None, "POST", f"/v1/surveys/{survey['id']}/forms", {"token": first, "answers": {"told": "no"}}
    )
    assert [one["code"] for one in form.json()["questions"]] == ["content", "told", "why"]
    half = await surveys.answer(survey["id"], first, {"told": "yes"})
    assert refused(half, 422, "validation_failed")["errors"][0]["pointer"] == "#/answers/content"
    told = await asyncio.gather(*(surveys.answer(survey["id"], first) for _ in range(3)))
    assert sorted(one.status_code for one in told) == [201, 409, 409]
    refused(await surveys.answer(survey["id"], first), 409, "survey_answered")
    assert len(await surveys.world.rows("survey_answers")) == 1
    assert (await surveys.answer(survey["id"], second)).status_code == 201
    refused(await surveys.answer(survey["id"], "x" * 54), 404, "not_found")
    stored = await surveys.world.rows("survey_answers")
    assert {one["customer_id"] for one in stored} == {*surveys.people}
    assert all(one["answered_at"] is not None and one["points"] == 100 for one in stored)


async def test_after_the_last_day_no_answer_is_taken_and_the_survey_closes(
    surveys: SurveyWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await surveys.settled(2)
    survey, [first, second] = await surveys.running()
    assert (await surveys.answer(survey["id"], first)).status_code == 201
    assert await surveys.pass_time("surveys_closed") == 0
    move_clock(monkeypatch, tmp_path, 8)
    refused(await surveys.answer(survey["id"], second), 409, "survey_closed")
    assert await surveys.pass_time("surveys_closed") == 1
    refused(await surveys.answer(survey["id"], second), 409, "survey_closed")
    assert (await surveys.read(survey["id"]))["status"] == "closed"
    assert await surveys.world.rows("survey_links") == []


# --------------------------------------------------------------------------------------------- results and improvements


async def closed(surveys: SurveyWorld, here: int, there: int, said: str = "4") -> dict[str, Any]:
    """A survey of two units, answered by so many of each, and closed by hand of the clock's test file."""
    people = {"3201": await surveys.settled(here), "3202": await surveys.settled(there, unit="3202")}
    survey, links = await surveys.running()
    invited = await surveys.world.rows("survey_invitations")
    assert Counter(one["unit_path"][-4:] for one in invited) == Counter(
        {code: len(each) for code, each in people.items()}
    )
    await surveys.answered(survey["id"], links, [said] * len(links))
    return survey


async def test_a_unit_with_too_few_answers_has_neither_index_nor_rank(
    surveys: SurveyWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = await closed(surveys, 30, 28)
    told = await surveys.results(survey["id"])
    assert (told["invited"], told["responses"], told["minimum_sample"], told["index"]) == (58, 58, 30, "87.5")
    assert [(one["unit_code"], one["responses"], one.get("index"), one.get("rank")) for one in told["units"]] == [
        ("3201", 30, "87.5", 1), ("3202", 28, None, None),
    ]  # fmt: skip
    assert "index" not in told["units"][1]
    assert told["questions"]["told"] == {"yes": 58}
    move_clock(monkeypatch, tmp_path, 8)
    await surveys.pass_time("surveys_closed")
    path = f"/v1/surveys/{survey['id']}/analyses"
    published = {"summary": "江岚领先", "ranking": ["3201", "3202"]}
    version = (await surveys.read(survey["id"]))["version"]
    small = refused(await surveys.world.service.post(HEAD, path, published, version=version), 422, "sample_too_small")
    assert (small["units"], small["minimum"]) == (["3202"], 30)
    done = await surveys.post(HEAD, path, published | {"ranking": ["3201"]}, version=version)
    assert (done["survey"]["status"], done["ranking"]) == ("analysed", ["3201"])
    await surveys.settled(30)
    next_one, links = await surveys.running(questionnaire_id=survey["questionnaire_id"], starts_on=str(days_on(0)))
    await surveys.answered(next_one["id"], links, ["5"] * len(links))
    later = await surveys.results(next_one["id"])
    assert [(one["survey_id"], one["index"]) for one in later["earlier"]] == [(survey["id"], "87.5")]
    [unit] = [one for one in later["units"] if one["unit_code"] == "3201"]
    assert (unit["index_before"], unit["change"]) == ("87.5", "12.5")


async def test_below_the_minimum_nothing_can_be_read_off_the_table(surveys: SurveyWorld) -> None:
    await surveys.settled(3)
    survey, links = await surveys.running()
    await surveys.answered(survey["id"], links, ["1", "1", "5"])
    told = await surveys.results(survey["id"])
    assert ("index" in told, told["questions"], [one.get("index") for one in told["units"]]) == (False, {}, [None])


async def analysed(surveys: SurveyWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    await surveys.settled(1)
    survey, _ = await surveys.running()
    path = f"/v1/surveys/{survey['id']}"
    early = await surveys.world.service.post(HEAD, f"{path}/analyses", {"summary": "x"}, version=survey["version"])
    refused(early, 409, "state_conflict")
    move_clock(monkeypatch, tmp_path, 8)
    await surveys.pass_time("surveys_closed")
    await surveys.post(HEAD, f"{path}/analyses", {"summary": "告知不及时"}, version=survey["version"] + 1)
    return await surveys.read(survey["id"])


def improvement(**changes: Any) -> dict[str, Any]:
    said = {"text": "每三日告知进度", "unit_code": "3201", "owner_staff_no": OWNER.staff_no, "due_on": str(days_on(20))}
    return said | changes


async def test_a_survey_is_done_with_its_last_improvement(
    surveys: SurveyWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = await analysed(surveys, monkeypatch, tmp_path)
    path = f"/v1/surveys/{survey['id']}/actions"
    refused(
        await surveys.world.service.post(HEAD, path, improvement(due_on=str(days_on(-1))), version=survey["version"]),
        422, "action_due_in_past",
    )  # fmt: skip
    first = await surveys.post(HEAD, path, improvement(), version=survey["version"])
    second = await surveys.post(HEAD, path, improvement(text="培训"), version=survey["version"] + 1)
    assert first["survey"]["status"] == "actions_tracked"
    items = [one for one in await surveys.world.rows("work_items") if one["kind"] == "survey_action"]
    assert {one["person_id"] for one in items} == {OWNER.person_id}
    foreign = actor("service_agent", "00.32.3201", name="somebody else")
    wrong = await surveys.world.service.post(foreign, f"{path}/{first['id']}/completions", {"text": "x"}, version=1)
    assert wrong.status_code == 404
    colleague = actor("service_agent", "00.32", name="colleague at the branch")
    wrong = await surveys.world.service.post(colleague, f"{path}/{first['id']}/completions", {"text": "x"}, version=1)
    refused(wrong, 403, "not_the_owner")
    done = await surveys.post(OWNER, f"{path}/{first['id']}/completions", {"text": "已做"}, version=1)
    assert (done["status"], done["survey"]["status"]) == ("done", "actions_tracked")
    last = await surveys.post(OWNER, f"{path}/{second['id']}/completions", {"text": "已做"}, version=1)
    assert last["survey"]["status"] == "done"
    listed = (await surveys.world.service.get(HEAD, path)).json()["items"]
    assert [(one["status"], one["result"], one["overdue"]) for one in listed] == [("done", "已做", False)] * 2


async def test_an_improvement_that_is_late_is_told_to_the_unit_of_the_survey_once(
    surveys: SurveyWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = await analysed(surveys, monkeypatch, tmp_path)
    await surveys.post(HEAD, f"/v1/surveys/{survey['id']}/actions", improvement(), version=survey["version"])
    assert await run_once(surveys.world.service.db, TICKS[0]) == 0
    move_clock(monkeypatch, tmp_path, 60)
    assert await run_once(surveys.world.service.db, TICKS[0]) == 1
    assert await run_once(surveys.world.service.db, TICKS[0]) == 0
    late = [one for one in await surveys.world.rows("work_items") if one["kind"] == "overdue_survey_action"]
    assert [(one["unit_code"], one["position"]) for one in late] == [("32", "department_head")]


async def test_whoever_works_below_sees_no_survey_of_the_branch(surveys: SurveyWorld) -> None:
    survey = await surveys.draft()
    assert (await surveys.world.service.get(AGENT, f"/v1/surveys/{survey['id']}")).status_code == 404
    assert (await surveys.world.service.get(AGENT, "/v1/surveys")).json()["items"] == []
